// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/http_peer.h"
#include "core/model/value.h"
#include "core/pipeline/sink.h"

#include <string>

namespace eventops {

// What sinks that speak HTTP have in common. Thread: any.

/// The first line of a secret that is named by an environment variable or a file, never written into a pipeline.
struct SinkSecret {
    std::string environment; ///< Name of the variable; else
    std::string file;        ///< a file that only its owner may read. Both empty: there is no secret.

    bool given() const { return !environment.empty() || !file.empty(); }
    /// NotFound, Refused; InvalidConfig: it is empty. @p what: "OpenSearch's password".
    Result<std::string> read(const SinkSurroundings &surroundings, const std::string &what) const;
};

/// How a sink reaches its peer.
struct SinkAddress {
    std::string url;
    std::string caFile;
    bool allowHttp = false;
    std::int64_t timeoutMs = 10'000;

    /// From the fields url, ca_file, allow_http and timeout. InvalidConfig with the place.
    static Result<SinkAddress> read(const Value &settings);
    HttpPeerOptions options() const;
};

/// The secret of the fields `<name>_env` and `<name>_file`. InvalidConfig: both are there.
Result<SinkSecret> readSinkSecret(const Value &settings, const std::string &name);

/// A name as it stands in URLs and statements: letters, digits, - and _, at most 128 bytes, beginning with a letter or
/// _ when @p firstLetter. InvalidConfig.
Result<std::string> readSinkName(const Value &value, const std::string &what);

/// "Basic …" of RFC 7617.
std::string basicAuthorization(const std::string &user, const std::string &password);

} // namespace eventops
