//! What is asked of the allocator, counted for the whole process.

use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// The bytes that are held now.
pub fn held() -> usize {
    ALLOCATOR.current_usage()
}

/// What is made, and the bytes that it holds.
pub fn of<T>(make: impl FnOnce() -> T) -> (T, usize) {
    let before = held();
    let made = make();
    (made, held().saturating_sub(before))
}

/// The bytes that something holds, which is made for nothing else.
pub fn bytes<T>(make: impl FnOnce() -> T) -> usize {
    of(make).1
}

/// The most bytes that were held at a time while this ran.
pub fn peak<T>(run: impl FnOnce() -> T) -> (T, usize) {
    ALLOCATOR.reset_peak_usage();
    let result = run();
    (result, ALLOCATOR.peak_usage())
}
