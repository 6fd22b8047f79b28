//! What arrives at the endpoint, byte for byte: the documented samples of all three payload versions.

use tieback::types::PayloadVersion;
use tieback::wire::own::event_from_json;

use crate::support::rig::Rig;
use crate::support::sink::Sink;
use crate::support::vectors::{compact, vectors};

#[test]
fn the_documented_samples_arrive_byte_for_byte() {
    let mut arrived = Vec::new();
    for vector in vectors().iter().filter(|vector| !vector.content["input"].is_null()) {
        let version = PayloadVersion::parse(vector.text("payload_version")).unwrap();
        let event = event_from_json(&vector.content["input"]).unwrap();
        let scope = event.scope().unwrap();
        let (rig, sink) = (Rig::new(), Sink::always(204));
        let hook = rig.hook(&scope, &sink.url("/events"), version);
        rig.trigger(&scope, &hook, &event.resource_name, &event.event_type);
        assert_eq!(rig.engine.publish(&event).unwrap().deliveries, 1, "{}", vector.file);
        rig.run();
        let [request] = &sink.requests()[..] else { panic!("{}: one request", vector.file) };
        assert_eq!(String::from_utf8_lossy(&request.body), compact(vector.text("payload")), "{}", vector.file);
        assert_eq!(rig.deliveries(&scope, &hook)[0].payload, request.body);
        arrived.push(version);
    }
    assert_eq!(arrived, PayloadVersion::ALL, "every version has a sample");
}
