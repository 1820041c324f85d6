/* The first instructions: PVH and multiboot enter with 32 bits and no paging, and C begins with 64 and an identity map. */

#define MULTIBOOT_MAGIC 0x1badb002
/* 0x2: a memory map is wanted. 0x10000: the addresses below are used, not the ELF headers. */
#define MULTIBOOT_FLAGS 0x10002
#define PHYS32_ENTRY 18

#define CR0_PG_WP_NE_MP_PE 0x80010023
#define CR0_TS_EM 0xc
#define CR4_OSXMMEXCPT_OSFXSR_PGE_PAE 0x6a0
#define CR4_OSXSAVE 0x40000
#define MSR_EFER 0xc0000080
#define EFER_NXE_LME 0x900
#define PAGE_2M_WRITE_PRESENT 0x83

    .section .multiboot, "a"
    .balign 4
multiboot_header:
    .long MULTIBOOT_MAGIC, MULTIBOOT_FLAGS, -(MULTIBOOT_MAGIC + MULTIBOOT_FLAGS)
    .long multiboot_header
    .long image_start
    /* The whole file is loaded, and nothing has to be zeroed behind it: layout.ld. */
    .long 0, 0
    .long _start

    /* Linux's and Xen's own notes have 8 bytes here, and not all loaders take 4. */
    .section .note.pvh, "a", @note
    .balign 4
    .long 4, 8, PHYS32_ENTRY
    .asciz "Xen"
    .quad pvh_start

    .text
    .code32
    .globl pvh_start, _start
pvh_start:
    xor %eax, %eax
    /* Multiboot comes here with its magic number in eax. Both have their information's address in ebx. */
_start:
    cli
    cld
    mov $boot_stack_top, %esp
    mov %eax, %edi
    mov %ebx, %esi

    /* The first GiB, as it is. pages.c maps the rest, and takes away what is too much. */
    movl $(page_directory_pointers + 3), page_map
    movl $(page_directory + 3), page_directory_pointers
    mov $PAGE_2M_WRITE_PRESENT, %eax
    xor %ecx, %ecx
1:  mov %eax, page_directory(, %ecx, 8)
    add $0x200000, %eax
    inc %ecx
    cmp $512, %ecx
    jne 1b

    mov $page_map, %eax
    mov %eax, %cr3
    mov %cr4, %eax
    or $CR4_OSXMMEXCPT_OSFXSR_PGE_PAE, %eax
    mov %eax, %cr4
    mov $MSR_EFER, %ecx
    rdmsr
    or $EFER_NXE_LME, %eax
    wrmsr
    mov %cr0, %eax
    and $~CR0_TS_EM, %eax
    or $CR0_PG_WP_NE_MP_PE, %eax
    mov %eax, %cr0
    lgdt gdt_pointer
    ljmp $8, $start64

    .code64
start64:
    mov $0x10, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    xor %eax, %eax
    mov %eax, %fs
    mov %eax, %gs
    fninit

    /* AVX, where the processor has it: XSAVE is bit 26 of leaf 1, AVX bit 28. */
    mov $1, %eax
    xor %ecx, %ecx
    cpuid
    bt $26, %ecx
    jnc 2f
    mov %cr4, %rax
    or $CR4_OSXSAVE, %rax
    mov %rax, %cr4
    mov $3, %eax
    bt $28, %ecx
    jnc 1f
    or $4, %eax
1:  xor %edx, %edx
    xor %ecx, %ecx
    xsetbv
2:
    mov %edi, %edi
    mov %esi, %esi
    xor %ebp, %ebp
    call start
    ud2

    /* void enter(uintptr_t stack_top, void (*function)(void)): goes on at `function` on another stack, for ever. */
    .globl enter
enter:
    mov %rdi, %rsp
    xor %ebp, %ebp
    call *%rsi
    ud2

    .data
    .balign 16
    .globl gdt
gdt:
    .quad 0
    .quad 0x00af9a000000ffff /* 0x08: 64-bit code */
    .quad 0x00cf92000000ffff /* 0x10: data */
    .quad 0, 0               /* 0x18: the task state segment, trap.c */
gdt_pointer:
    .word . - gdt - 1
    .quad gdt

    .bss
    .balign 4096
    .globl page_map, boot_stack_top
page_map: .skip 4096
page_directory_pointers: .skip 4096
page_directory: .skip 4096
    /* Also the stack that exceptions are reported on. */
    .skip 16384
boot_stack_top:

    .section .note.GNU-stack, "", @progbits
