"""How sure a number is: intervals, paired differences and decisions"""
