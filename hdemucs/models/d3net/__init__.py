"""D3Net: densely connected blocks with a dilation per connection, in bands of frequencies"""
