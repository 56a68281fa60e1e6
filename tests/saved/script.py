"""A script as people wrote it against the first version; what it prints is in script.txt."""

import numpy as np

import attnviz

trace = attnviz.trace("The cat sat on the mat", pair="It slept")
print(trace)
print([token.text for token in trace.tokens], trace.tokens[2].name)
print(len(trace.heads), trace.heads[14], (1, 2) in trace.heads)
layer, head = trace.heads[14]
print(layer, head, trace.weights((layer, head)).shape, trace.queries(0).shape)
print(np.round(trace.weights((2, 1))[1, :4], 4), np.round(trace.scores((2, 1))[1, :4], 3))
print(trace.layer_weights(1).shape, trace.head_output(1).shape, trace.residual(6).shape)
print(np.round(trace.contribution((2, 1))[1, :3], 4), trace.after_attention(0).shape)
print(trace.output_projection((0, 0)).shape, trace.input_projection((0, 0), "query").weight.shape)
off = attnviz.trace(
    "The cat sat on the mat",
    interventions=[attnviz.HeadOff(0, 2), attnviz.TokenMasked(2)],
)
print(off.interventions, np.round(off.residual(6)[0, :3], 4))
given = attnviz.Trace.from_weights(["a", "b"], np.full((1, 1, 2, 2), 0.5), [0], "mine")
print(given, given.weights((0, 0)))
try:
    given.scores((0, 0))
except attnviz.CaptureError as error:
    print(type(error).__name__)
try:
    trace.weights((9, 0))
except attnviz.InterventionError as error:
    print(type(error).__name__)
lens = attnviz.Lens(unit="word", hide_special=True, renormalise=True)
print(attnviz.measure(trace).round(3).head(3).to_string())
for picture in (
    trace.lines([(2, 1), attnviz.HeadId(1, 8)], lens),
    attnviz.lines(trace, [(2, 1), (1, 8)], combination="mean", direction="vertical"),
    attnviz.heatmap(trace, (2, 1), lens),
    trace.overview(),
    attnviz.explore(trace, [(2, 1), (1, 8)], lens),
):
    print(type(picture).__name__, picture.to_svg()[:5], picture._repr_html_()[:7])
print([chapter.number for chapter in attnviz.chapters()])
