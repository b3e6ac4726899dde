"""What is done with the estimates of all networks of a system before they are waveforms"""
