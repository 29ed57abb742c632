use std::net::TcpListener;

use super::*;

fn destination(endpoint: &str, protocol: OtlpProtocol) -> Destination {
    Destination {
        endpoint: endpoint.to_owned(),
        protocol,
        certificates: None,
        timeout: Duration::from_millis(300),
    }
}

/// Whatever a collector does not do, an export ends, with an error.
#[test]
fn an_export_ends_in_time_whatever_listens() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for protocol in [OtlpProtocol::Http, OtlpProtocol::Grpc] {
        for address in [silent.local_addr().unwrap(), gone] {
            let transport = Transport::new(&destination(&format!("http://{address}"), protocol)).unwrap();
            let result = futures::executor::block_on(transport.export(Vec::new()));
            assert!(result.is_err(), "{protocol:?} {address}");
        }
    }
}

/// A test drops its server inside of a runtime, where ending another runtime may not wait.
#[tokio::test]
async fn it_can_be_made_and_dropped_inside_a_runtime() {
    for protocol in [OtlpProtocol::Http, OtlpProtocol::Grpc] {
        drop(Transport::new(&destination("http://127.0.0.1:1", protocol)).unwrap());
    }
}
