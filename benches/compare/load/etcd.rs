//! What of etcd's API version 3 is asked here, as its `rpc.proto` and `kv.proto` number it.

use bytes::{BufMut as _, Bytes, BytesMut};
use hyper::Request;
use prost::Message;

use crate::support::{Tested, ensure};

#[derive(Clone, PartialEq, Message)]
pub(crate) struct RangeRequest {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) key: Bytes,
    #[prost(bool, tag = "7")]
    pub(crate) serializable: bool,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct RangeResponse {
    #[prost(message, repeated, tag = "2")]
    pub(crate) kvs: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct KeyValue {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) key: Bytes,
    #[prost(bytes = "bytes", tag = "5")]
    pub(crate) value: Bytes,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct PutRequest {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) key: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    pub(crate) value: Bytes,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct WatchRequest {
    #[prost(message, tag = "1")]
    pub(crate) create_request: Option<WatchCreateRequest>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct WatchCreateRequest {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) key: Bytes,
    #[prost(int64, tag = "3")]
    pub(crate) start_revision: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct WatchResponse {
    #[prost(message, tag = "1")]
    pub(crate) header: Option<ResponseHeader>,
    #[prost(bool, tag = "3")]
    pub(crate) created: bool,
    #[prost(bool, tag = "4")]
    pub(crate) canceled: bool,
    #[prost(message, repeated, tag = "11")]
    pub(crate) events: Vec<Event>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ResponseHeader {
    #[prost(int64, tag = "3")]
    pub(crate) revision: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Event {
    #[prost(message, tag = "2")]
    pub(crate) kv: Option<KeyValue>,
}

/// A message behind its flag and its length, as gRPC frames it.
pub(crate) fn framed(message: &impl Message) -> Tested<Bytes> {
    let mut bytes = BytesMut::with_capacity(5 + message.encoded_len());
    bytes.put_u8(0);
    bytes.put_u32(u32::try_from(message.encoded_len())?);
    message.encode(&mut bytes)?;
    Ok(bytes.freeze())
}

/// Takes the next whole message off what was received.
pub(crate) fn next_message<M: Message + Default>(received: &mut BytesMut) -> Tested<Option<M>> {
    let Some((&[flag, a, b, c, d], _)) = received.split_first_chunk() else { return Ok(None) };
    ensure(flag == 0, || "a compressed message".to_owned())?;
    let end = 5 + usize::try_from(u32::from_be_bytes([a, b, c, d]))?;
    if received.len() < end {
        return Ok(None);
    }
    let frame = received.split_to(end).freeze();
    Ok(Some(M::decode(frame.slice(5..))?))
}

/// A request of a method, as gRPC has it.
pub(crate) fn request<B>(port: u16, method: &str, body: B) -> Tested<Request<B>> {
    let request = Request::post(format!("http://127.0.0.1:{port}/etcdserverpb.{method}"));
    Ok(request.header("content-type", "application/grpc").header("te", "trailers").body(body)?)
}
