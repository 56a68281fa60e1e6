// In every page of the tests, before the app's own code: what was asked of the server, and
// whether it has answered. It reads the first fields of Streamlit's messages (protobuf: pairs
// of a tag and a value) as they pass through the websocket.
(() => {
  const RERUN = 11; // of a BackMsg
  const NEW_SESSION = 4; // of a ForwardMsg: a run of the script begins
  const FINISHED = 6; // of a ForwardMsg: it has ended
  const EARLY = 2; // so that the next run can begin

  const state = { waiting: false, running: false, asked: 0 };
  window.testState = state;

  const varint = (bytes, at) => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = bytes[at++];
      value += (byte & 127) * shift;
      if (byte < 128) return [value, at];
    }
  };

  function* fields(bytes) {
    for (let at = 0; at < bytes.length; ) {
      let tag, value;
      [tag, at] = varint(bytes, at);
      [value, at] = varint(bytes, at);
      yield [tag >> 3, value];
      if ((tag & 7) === 2) at += value;
    }
  }

  window.WebSocket = class extends WebSocket {
    constructor(...given) {
      super(...given);
      state.waiting = true; // the app asks for a run as soon as it is connected
      this.addEventListener("message", ({ data }) => {
        for (const [field, value] of fields(new Uint8Array(data))) {
          if (field === NEW_SESSION) Object.assign(state, { waiting: false, running: true });
          if (field === FINISHED && value !== EARLY) state.running = false;
        }
      });
    }

    send(data) {
      const bytes = data instanceof Uint8Array ? data : new Uint8Array(data);
      for (const [field] of fields(bytes)) {
        if (field === RERUN) Object.assign(state, { waiting: true, asked: state.asked + 1 });
      }
      super.send(data);
    }
  };

  // Longer than any delay with which the app or a component sends what was done. Timers up to
  // it are known: what they will do is on its way.
  const DELAY = 250;
  const timers = new Set();
  const { setTimeout: start, clearTimeout: stop } = window;
  window.setTimeout = (work, delay, ...given) => {
    if (delay > DELAY || typeof work !== "function") return start(work, delay, ...given);
    const timer = start(() => {
      timers.delete(timer);
      work(...given);
    }, delay);
    timers.add(timer);
    return timer;
  };
  window.clearTimeout = (timer) => {
    timers.delete(timer);
    stop(timer);
  };

  const LOOKS = 5; // in one delay
  const frame = () => new Promise(requestAnimationFrame);
  const pause = () => new Promise((done) => start(done, DELAY / LOOKS));
  const STANDS = '[data-testid="stApp"][data-test-script-state="notRunning"]';
  const stands = () => !state.waiting && !state.running && document.querySelector(STANDS);

  // Resolves when nothing more is on its way, neither to the server nor to the screen: when
  // the page has stood for three looks without a timer, or for two delays whatever ticks.
  window.settled = async () => {
    for (let still = 0, idle = 0; idle < 3 && still < 2 * LOOKS; ) {
      await pause();
      await frame();
      still = stands() ? still + 1 : 0;
      idle = still && !timers.size ? idle + 1 : 0;
    }
  };
})();
