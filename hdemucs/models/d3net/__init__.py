"""D3Net: densely connected blocks whose connections are dilated, in bands of frequencies"""
