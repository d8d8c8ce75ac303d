# Sends datagrams of 100 bytes in rows (UDP_SEGMENT): rows.py ADDRESS PORT ROWS DATAGRAMS
import socket
import sys

address, port, rows, datagrams = sys.argv[1], *map(int, sys.argv[2:])
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sender.setsockopt(socket.IPPROTO_UDP, 103, 100)
for row in range(rows):
    sender.sendto(bytes([row % 256]) * (100 * datagrams), (address, port))
