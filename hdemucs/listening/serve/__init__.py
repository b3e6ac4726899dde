"""The test in a browser: a small server, and sessions that need no server"""
