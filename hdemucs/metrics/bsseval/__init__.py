"""BSSEval v4 with its distortion filters: museval's numbers, computed in another way.

museval 0.4.1 correlates whole tracks by FFTs of 2^24 points, solves one dense system per estimate
and convolves every frame with every filter. Here each frame is correlated by itself, at the lags of
the filters only. The sum over frames (plus the pairs across their borders) determines the filters,
which one structured solver gives; then each frame's energies follow from its correlations. Where
rounding could show, and where frames overlap, Parseval's theorem gives them from spectra.

    frames -> correlations -> filters -> energies of the decomposition's parts -> dB
"""
