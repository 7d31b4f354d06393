// SPDX-License-Identifier: MIT
#include "core/queue/aws_signature.h"

#include "core/base/encode.h"
#include "core/base/hash.h"
#include "core/base/hmac.h"
#include "core/base/time.h"

#include <algorithm>
#include <cstdio>

namespace eventops {
namespace {

constexpr std::string_view Algorithm = "AWS4-HMAC-SHA256";

/// "20150830T123600Z"
std::string basicTime(WallNs now)
{
    const CivilTime t = civilTime(now);
    char text[32];
    std::snprintf(text, sizeof text, "%04d%02u%02uT%02u%02u%02uZ", t.year, t.month, t.day, t.hour, t.minute, t.second);
    return text;
}

/// Without white space around it, and with one blank for each run of it.
std::string trimmedValue(std::string_view value)
{
    std::string out;
    for (const char c : value) {
        const bool blank = c == ' ' || c == '\t';
        if (!blank)
            out += c;
        else if (!out.empty() && out.back() != ' ')
            out += ' ';
    }
    while (out.ends_with(' '))
        out.pop_back();
    return out;
}

} // namespace

Result<AwsCredentials> AwsCredentials::fromEnvironment(const std::function<const char *(const char *)> &environment)
{
    const auto text = [&](const char *name) {
        const char *const value = environment(name);
        return std::string(value != nullptr ? value : "");
    };
    AwsCredentials out{text("AWS_ACCESS_KEY_ID"), text("AWS_SECRET_ACCESS_KEY"), text("AWS_SESSION_TOKEN")};
    if (out.keyId.empty() || out.secret.empty())
        return Error{Error::Code::InvalidConfig,
                     std::string(out.keyId.empty() ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY") + " is not set",
                     {},
                     "set it in the environment, as for AWS's own tools"};
    for (const std::string *const one : {&out.keyId, &out.secret, &out.sessionToken}) {
        if (!std::all_of(one->begin(), one->end(), [](char c) { return c > 0x20 && c < 0x7F; }))
            return Error{Error::Code::InvalidConfig,
                         "AWS's keys in the environment hold what no key can",
                         {},
                         "see that no blank or end of line came with them"};
    }
    return out;
}

std::vector<std::string> signAwsRequest(AwsRequest request, const AwsCredentials &credentials, WallNs now)
{
    const std::string time = basicTime(now), day = time.substr(0, 8);
    request.headers.emplace_back("x-amz-date", time);
    if (!credentials.sessionToken.empty())
        request.headers.emplace_back("x-amz-security-token", credentials.sessionToken);
    std::sort(request.headers.begin(), request.headers.end());

    std::string canonical = request.method + '\n' + request.path + '\n' + request.query + '\n', names;
    for (const auto &[name, value] : request.headers) {
        canonical += name + ':' + trimmedValue(value) + '\n';
        names += (names.empty() ? "" : ";") + name;
    }
    canonical += '\n' + names + '\n' + sha256Hex(request.body);

    const std::string scope = day + '/' + request.region + '/' + request.service + "/aws4_request";
    const std::string text = std::string(Algorithm) + '\n' + time + '\n' + scope + '\n' + sha256Hex(canonical);
    std::string key = hmacSha256("AWS4" + credentials.secret, day);
    for (const std::string_view part :
         {std::string_view(request.region), std::string_view(request.service), std::string_view("aws4_request")})
        key = hmacSha256(key, part);
    std::vector<std::string> out{"Authorization: " + std::string(Algorithm) + " Credential=" + credentials.keyId + '/'
                                     + scope + ", SignedHeaders=" + names
                                     + ", Signature=" + hexOfBytes(hmacSha256(key, text)),
                                 "X-Amz-Date: " + time};
    if (!credentials.sessionToken.empty())
        out.push_back("X-Amz-Security-Token: " + credentials.sessionToken);
    return out;
}

} // namespace eventops
