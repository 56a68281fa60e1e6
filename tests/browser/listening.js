// In a page before the app's own code: what its components hear, watch or repeat beyond their own
// place, for as long as they do. `window.heard()` names it all.
(() => {
  const held = new Set();
  const isOurs = () => /attnviz_/.test(new Error().stack);
  window.heard = () => [...held].map(({ what }) => what).sort();

  const { addEventListener: add, removeEventListener: remove } = EventTarget.prototype;
  const captures = (options) => (typeof options === "object" ? Boolean(options?.capture) : Boolean(options));
  const isGlobal = (target) => target === document || target === window;
  EventTarget.prototype.addEventListener = function (type, listener, options) {
    const target = this ?? window;
    if (isGlobal(target) && isOurs() && !options?.signal?.aborted) {
      const one = { what: `${target === document ? "document" : "window"} ${type}`, target, type, listener, capture: captures(options) };
      held.add(one);
      if (options?.signal) add.call(options.signal, "abort", () => held.delete(one));
    }
    return add.call(target, type, listener, options);
  };
  EventTarget.prototype.removeEventListener = function (type, listener, options) {
    const target = this ?? window;
    for (const one of held) {
      if (one.target === target && one.type === type && one.listener === listener && one.capture === captures(options)) held.delete(one);
    }
    return remove.call(target, type, listener, options);
  };

  for (const name of ["MutationObserver", "ResizeObserver"]) {
    window[name] = class extends window[name] {
      observe(...given) {
        this.held ??= { what: name };
        if (isOurs()) held.add(this.held);
        super.observe(...given);
      }

      disconnect() {
        held.delete(this.held);
        super.disconnect();
      }
    };
  }

  window.BroadcastChannel = class extends BroadcastChannel {
    constructor(name) {
      super(name);
      this.held = { what: `channel ${name}` };
      held.add(this.held);
    }

    close() {
      held.delete(this.held);
      super.close();
    }
  };

  const repeated = new Map();
  const { setInterval: repeat, clearInterval: stop } = window;
  window.setInterval = (...given) => {
    const timer = repeat(...given);
    if (isOurs()) {
      repeated.set(timer, { what: "interval" });
      held.add(repeated.get(timer));
    }
    return timer;
  };
  window.clearInterval = (timer) => {
    held.delete(repeated.get(timer));
    stop(timer);
  };
})();
