/* Where exceptions and interrupts enter. Each has a stack of its own (trap.c), so that no red zone is written over. */

#define LAPIC_END_OF_INTERRUPT 0xfee000b0
#define RFLAGS_IF 0x200

    .text
/*
 * An interrupt only ends a sleep: `sti; hlt` goes on behind the hlt, with interrupts off again. So a line that stays
 * raised cannot enter twice, and no program ever sees an interrupt in between.
 */
    .globl timer_entry, interrupt_entry, spurious_entry
timer_entry:
    movb $0, timer_is_set(%rip)
interrupt_entry:
    push %rax
    mov $LAPIC_END_OF_INTERRUPT, %eax
    movl $0, (%rax)
    pop %rax
spurious_entry:
    andq $~RFLAGS_IF, 16(%rsp)
    iretq

    .altmacro
    .macro exception number
exception\number:
    /* These push an error code themselves. */
    .if (\number != 8) && (\number != 10) && (\number != 11) && (\number != 12) && (\number != 13) && (\number != 14) && (\number != 17) && (\number != 21) && (\number != 29) && (\number != 30)
    push $0
    .endif
    push $\number
    jmp exception_common
    .endm
    .macro exception_address number
    .quad exception\number
    .endm

    .set i, 0
    .rept 32
    exception %i
    .set i, i + 1
    .endr

/* Builds a `struct trap_frame`; there is no way back. */
exception_common:
    push %r15
    push %r14
    push %r13
    push %r12
    push %r11
    push %r10
    push %r9
    push %r8
    push %rbp
    push %rdi
    push %rsi
    push %rdx
    push %rcx
    push %rbx
    push %rax
    cld
    mov %rsp, %rdi
    and $-16, %rsp
    call trap
    ud2

    .section .rodata
    .balign 8
    .globl exception_entries
exception_entries:
    .set i, 0
    .rept 32
    exception_address %i
    .set i, i + 1
    .endr

    .section .note.GNU-stack, "", @progbits
