// SPDX-License-Identifier: MIT
#include "core/kafka/kafka_send.h"

#include <iterator>

namespace eventops {
namespace {

struct HeadersFree {
    void operator()(rd_kafka_headers_t *headers) const { rd_kafka_headers_destroy(headers); }
};

} // namespace

/// Not by rd_kafka_producev, whose macros cast as C does.
rd_kafka_resp_err_t kafkaProduce(rd_kafka_t *handle, const KafkaOutput &message)
{
    std::unique_ptr<rd_kafka_headers_t, HeadersFree> headers(rd_kafka_headers_new(message.headers.size()));
    for (const auto &[name, value] : message.headers)
        (void)rd_kafka_header_add(headers.get(), name.data(), static_cast<ssize_t>(name.size()), value.data(),
                                  static_cast<ssize_t>(value.size())); // fails for no valid arguments
    static char empty = 0;                                             // an empty text is not null
    const auto data = [](const std::optional<std::string_view> &text) -> void * {
        return !text ? nullptr : text->empty() ? &empty : const_cast<char *>(text->data());
    };
    const std::string topic(message.topic);
    rd_kafka_vu_t parts[7] = {};
    parts[0].vtype = RD_KAFKA_VTYPE_TOPIC;
    parts[0].u.cstr = topic.c_str();
    parts[1].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
    parts[1].u.i = RD_KAFKA_MSG_F_COPY;
    parts[2].vtype = RD_KAFKA_VTYPE_KEY;
    parts[2].u.mem = {data(message.key), message.key ? message.key->size() : 0};
    parts[3].vtype = RD_KAFKA_VTYPE_VALUE;
    parts[3].u.mem = {data(message.payload), message.payload ? message.payload->size() : 0};
    parts[4].vtype = RD_KAFKA_VTYPE_HEADERS;
    parts[4].u.headers = headers.get();
    parts[5].vtype = RD_KAFKA_VTYPE_PARTITION;
    parts[5].u.i32 = message.partition ? static_cast<std::int32_t>(*message.partition) : RD_KAFKA_PARTITION_UA;
    parts[6].vtype = RD_KAFKA_VTYPE_TIMESTAMP;
    parts[6].u.i64 = message.ts == NoTime ? 0 : raw(message.ts) / NsPerMs;
    rd_kafka_error_t *const failed = rd_kafka_produceva(handle, parts, std::size(parts));
    if (failed == nullptr) {
        (void)headers.release(); // the message has them
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    }
    const rd_kafka_resp_err_t code = rd_kafka_error_code(failed);
    rd_kafka_error_destroy(failed);
    return code;
}

} // namespace eventops
