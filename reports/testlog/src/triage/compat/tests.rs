//! Goal: every quirk of the original is kept. Method: what the original printed, to the letter.

use super::*;

const LOG: &str = "\
tests/chaos/auth/test_auth_chaos.py::TestAuth::test_authentication_service_outage FAILED [  1%]
tests/chaos/auth/test_auth_chaos.py::TestAuth::test_concurrent_authentication_load FAILED [  2%]
tests/chaos/cache/test_cache_chaos.py::TestCache::test_cache_memory_pressure FAILED [  3%]
tests/chaos/cache/test_cache_chaos.py::TestCache::test_cache_warmup PASSED [  4%]
tests/chaos/a.py::test_graceful_degradation FAILED [  5%]
tests/chaos/a.py::test_parameters[1] FAILED [  6%]
tests/chaos/a.py::test_upload_transaction FAILED [  7%]
tests/chaos/a.py::test_latency FAILED [  8%]
[gw0] [ 50%] FAILED tests/chaos/a.py::test_parallel
PASSED tests/chaos/a.py::test_twice
FAILED tests/chaos/a.py::test_last - x
";

#[test]
fn the_report_is_the_one_of_the_original() {
    let compat = analyse(LOG).unwrap();
    let starts = "TestAuth::test_authentication_service_outage";
    assert!(!compat.report.contains(starts), "a class belongs to the file");
    assert!(compat.report.contains("Total Tests:    9\nPassed:         2 (22.2%)\n"));
    let file = format!("{:40}  4 failures  (20% pass rate)", "a.py");
    assert!(compat.report.contains(&file), "{}", compat.report);
}

#[test]
fn the_inventory_is_the_one_of_the_original() {
    let compat = analyse(LOG).unwrap();
    let quirk =
        "\ntests/chaos/a.py,test_graceful_degradation,FAILED,BUG,HIGH,Potential concurrency bug\n";
    assert!(compat.inventory.contains(quirk), "{}", compat.inventory);
}

#[test]
fn without_tests_the_original_divides_by_nothing() {
    assert_eq!(analyse("nothing"), Err(NoTests));
}
