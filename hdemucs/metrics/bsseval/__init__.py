"""BSSEval v4 with its distortion filters: museval's numbers by another road.

museval 0.4.1 correlates whole tracks by FFTs of 2^24, solves one dense system per estimate and
convolves every frame with every filter. Here frames are transformed once, at about their own
length: their spectra give the correlations (with the frames' seams put right), one structured
solve gives all filters, and Parseval's theorem the energies.

    frames -> spectra -> correlations -> filters -> energies of the decomposition's parts -> dB
"""
