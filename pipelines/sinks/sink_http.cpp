// SPDX-License-Identifier: MIT
#include "pipelines/sinks/sink_http.h"

#include "core/base/base64.h"
#include "core/base/curl_handles.h"
#include "core/base/private_file.h"
#include "core/base/types.h"

#include <cstdlib>

namespace eventops {
namespace {

constexpr std::size_t SecretBytesMax = 4'096;
constexpr std::size_t NameBytesMax = 128;

} // namespace

Result<std::string> SinkSecret::read(const SinkSurroundings &surroundings, const std::string &what) const
{
    std::string text;
    std::string place;
    if (!environment.empty()) {
        const char *const value = std::getenv(environment.c_str());
        text = value == nullptr ? "" : value;
        place = "the environment variable " + environment;
    } else {
        place = file.starts_with('/') || surroundings.directory.empty() ? file : surroundings.directory + '/' + file;
        text = EVENTOPS_TRY(readPrivateFile(place, SecretBytesMax, what));
    }
    text.resize(std::min(text.find_first_of("\r\n"), text.size()));
    if (text.empty())
        return Error{Error::Code::InvalidConfig, what + " is not in " + place, {}, "put it there, on the first line"};
    return text;
}

Result<SinkAddress> SinkAddress::read(const Value &settings)
{
    SinkAddress address;
    address.url = EVENTOPS_TRY(settings.at("url").text());
    address.caFile = EVENTOPS_TRY(settings.at("ca_file").text());
    address.allowHttp = EVENTOPS_TRY(settings.at("allow_http").boolean());
    address.timeoutMs = EVENTOPS_TRY(settings.at("timeout").durationNs()) / NsPerMs;
    if (const auto trouble = urlTrouble(address.url, address.allowHttp))
        return settings.at("url").error("field \"url\": " + trouble->message, trouble->remedy);
    if (address.url.find_first_of("?#") != std::string::npos)
        return settings.at("url").error("field \"url\": it holds a query or a fragment", "leave it out");
    return address;
}

HttpPeerOptions SinkAddress::options() const
{
    HttpPeerOptions options;
    options.url = url;
    options.caFile = caFile;
    options.requestMsMax = timeoutMs;
    return options;
}

Result<SinkSecret> readSinkSecret(const Value &settings, const std::string &name)
{
    SinkSecret secret;
    secret.environment = EVENTOPS_TRY(settings.at(name + "_env").text());
    secret.file = EVENTOPS_TRY(settings.at(name + "_file").text());
    if (!secret.environment.empty() && !secret.file.empty())
        return settings.at(name + "_env").error(name + "_env and " + name + "_file are both there", "keep one of them");
    return secret;
}

Result<std::string> readSinkName(const Value &value, const std::string &what)
{
    std::string name = EVENTOPS_TRY(value.text());
    constexpr std::string_view Fit = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
    if (name.empty() || name.size() > NameBytesMax || name.find_first_not_of(Fit) != std::string::npos
        || name.find_first_of("-.") == 0)
        return value.error('"' + name.substr(0, NameBytesMax) + "\" is no name for " + what,
                           "letters, digits, and behind the first _ - and .");
    return name;
}

std::string basicAuthorization(const std::string &user, const std::string &password)
{
    return "Basic " + base64(user + ':' + password);
}

} // namespace eventops
