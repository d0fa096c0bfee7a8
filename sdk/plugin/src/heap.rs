//! The allocator of a component: Rust's usual one (`dlmalloc`), with other rules for where its memory comes from.
//!
//! A plugin lives for one request, so what counts is how cheaply it comes by its first few hundred kilobytes. The standard
//! library leaves the memory that an instance begins with unused and grows it in steps of 64 KiB, and each step is a call
//! out of the sandbox and several system calls. Here that first memory is used up before any growth, and growth goes by
//! large steps.
//!
//! Only for `wasm32-unknown-unknown`. With a WASI target the C library has an allocator of its own in the same memory.
#![expect(unsafe_code, reason = "an allocator hands out raw memory; nothing outside this file needs to know")]

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32::{memory_grow, memory_size};
use core::cell::{Cell, UnsafeCell};
use core::ptr;
use dlmalloc::{Allocator, Dlmalloc};

/// Fixed by WebAssembly.
const PAGE: usize = 64 * 1024;

/// Memory grows by at least its own size divided by this, so that few steps lead to any size. What is never touched
/// costs nothing.
const GROWTH_DIVISOR: usize = 2;

/// The only memory. Fixed by WebAssembly.
const MEMORY: u32 = 0;

#[global_allocator]
static HEAP: Heap = Heap(UnsafeCell::new(Dlmalloc::new_with_allocator(Pages { has_begun: Cell::new(false) })));

struct Heap(UnsafeCell<Dlmalloc<Pages>>);

// SAFETY: without the atomics feature, an instance on this target has one thread.
#[cfg(not(target_feature = "atomics"))]
unsafe impl Sync for Heap {}

// SAFETY: every method hands on to `dlmalloc`, which keeps this contract; the reference that a method makes of the cell ends
// with it, and `Pages`, all that is called meanwhile, does not allocate.
unsafe impl GlobalAlloc for Heap {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: see the impl.
        unsafe { (*self.0.get()).malloc(layout.size(), layout.align()) }
    }

    #[inline]
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: see the impl.
        unsafe { (*self.0.get()).free(pointer, layout.size(), layout.align()) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: see the impl.
        unsafe { (*self.0.get()).calloc(layout.size(), layout.align()) }
    }

    #[inline]
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: see the impl.
        unsafe { (*self.0.get()).realloc(pointer, layout.size(), layout.align(), new_size) }
    }
}

/// The instance's memory from the end of its static data on.
struct Pages {
    has_begun: Cell<bool>,
}

impl Pages {
    /// Where memory begins that nobody has yet. Later on that is the end of the memory.
    fn start(&self) -> usize {
        if self.has_begun.get() {
            return memory_size(MEMORY).saturating_mul(PAGE);
        }
        unsafe extern "C" {
            /// The end of static data; its address is what the linker sets, it has no value.
            static __heap_base: u8;
        }
        (&raw const __heap_base).addr()
    }

    /// Makes the memory at least `size` bytes longer than `start`. False if it cannot grow so far.
    fn reach(start: usize, size: usize) -> bool {
        let Some(end) = start.checked_add(size) else {
            return false;
        };
        let missing = end.div_ceil(PAGE).saturating_sub(memory_size(MEMORY));
        let step = missing.max(memory_size(MEMORY) / GROWTH_DIVISOR);
        let grow = |pages| memory_grow(MEMORY, pages) != usize::MAX;
        // Near the host's limit, what is needed may be there although a large step is not.
        missing == 0 || grow(step) || (missing < step && grow(missing))
    }
}

// SAFETY: every region lies between the end of static data and the end of the memory, and begins where the one before it
// ended, so no two overlap and nothing else is in them.
unsafe impl Allocator for Pages {
    fn alloc(&self, size: usize) -> (*mut u8, usize, u32) {
        let start = self.start();
        if !Self::reach(start, size) {
            return (ptr::null_mut(), 0, 0);
        }
        self.has_begun.set(true);
        // The last page of the address space is left out: its end would be address 0.
        let pages = memory_size(MEMORY).min(usize::MAX / PAGE);
        (ptr::with_exposed_provenance_mut(start), pages * PAGE - start, 0)
    }

    fn remap(&self, _: *mut u8, _: usize, _: usize, _: bool) -> *mut u8 {
        ptr::null_mut()
    }

    fn free_part(&self, _: *mut u8, _: usize, _: usize) -> bool {
        false
    }

    fn free(&self, _: *mut u8, _: usize) -> bool {
        false
    }

    fn can_release_part(&self, _: u32) -> bool {
        false
    }

    /// Memory of a new instance is zero behind its static data, and so is memory that was added.
    fn allocates_zeros(&self) -> bool {
        true
    }

    fn page_size(&self) -> usize {
        PAGE
    }
}
