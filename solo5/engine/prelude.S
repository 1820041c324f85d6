/* The prelude's bytecode, which the build makes of packages/engine-quickjs/src/prelude.ts. */
.section .rodata
.globl prelude_start, prelude_end
.balign 16
prelude_start:
  .incbin "prelude.bytecode"
prelude_end:
.section .note.GNU-stack, "", @progbits
