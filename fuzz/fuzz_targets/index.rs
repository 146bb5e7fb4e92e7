//! An index may hold any bytes: they must not make it panic, nor vouch for a session twice.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wikifarm::store::EntryName;
use wikifarm::store::index::Known;

fuzz_target!(|input: &[u8]| {
    let _ = Known::from_bytes(input);
    let mut bytes = b"wikifarm index 1".to_vec();
    bytes.extend(input);
    Known::set_checksum(&mut bytes);
    let Some(known) = Known::from_bytes(&bytes) else { return };
    let Some(name) = EntryName::new(b"031d8acb800cc038fab650b412fa1073b51d67ec") else { return };
    for inode in [0, 1, u64::MAX] {
        known.is_live(&name, inode, 0, None);
    }
    assert!(known.left_out().0 <= 3, "more were left out than asked for");
});
