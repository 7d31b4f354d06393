// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/base/types.h"

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace eventops {

/// Who asks a service of AWS.
struct AwsCredentials {
    std::string keyId, secret;
    std::string sessionToken; ///< Of keys that end; empty: they do not.

    /// From AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN. @p environment: as std::getenv.
    /// InvalidConfig: a name is not set.
    static Result<AwsCredentials> fromEnvironment(const std::function<const char *(const char *)> &environment);
};

/// A request to be signed.
struct AwsRequest {
    std::string method, path = "/"; ///< The path as it is sent, encoded.
    std::string query;              ///< Sorted and encoded; empty: none.
    /// Those that are signed besides x-amz-date and x-amz-security-token, `host` among them; in small letters.
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    std::string region, service;
};

/// Version 4 of AWS's signatures: the headers to send with the request besides its own, each as a line
/// "Name: value": Authorization, X-Amz-Date, and X-Amz-Security-Token where there is one. Thread: any. O(body).
std::vector<std::string> signAwsRequest(AwsRequest request, const AwsCredentials &credentials, WallNs now);

} // namespace eventops
