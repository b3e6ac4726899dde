"""What training minimises"""
