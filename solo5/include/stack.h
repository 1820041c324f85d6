/* How much of the end of its heap a guest uses as its stack. */
#ifndef STACK_H
#define STACK_H

/** The engine takes no memory from there. Whoever can puts a guard into the lowest page of it. */
#define STACK_SIZE 0x100000

#endif
