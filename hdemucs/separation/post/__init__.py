"""Post-filters: what is done with the estimates of all networks before they become waveforms"""
