"""BSSEval v4 with its distortion filters: museval's numbers, computed in another way.

museval 0.4.1 correlates whole tracks by FFTs of 2^24 points, solves one dense system per estimate
and convolves every frame with every filter. Here each frame is transformed once, at about its own
length. The spectra give the correlations (plus a correction at the borders of blocks), one
structured solver gives all filters, and Parseval's theorem gives the energies.

    frames -> spectra -> correlations -> filters -> energies of the decomposition's parts -> dB
"""
