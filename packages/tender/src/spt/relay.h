/* A process that joins a stream of frames with a descriptor that carries a frame a call. */
#ifndef RELAY_H
#define RELAY_H

/**
 * Gives a descriptor for a guest whose frames travel on the stream socket `stream`: each after its length, 4 bytes,
 * big-endian. A process of its own moves them, for as long as both ends are there; when the stream ends, the
 * guest gets a SIGTERM.
 */
int relay_open(int stream);

#endif
