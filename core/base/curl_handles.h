// SPDX-License-Identifier: MIT
#pragma once

#include <curl/curl.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace eventops {

// What every user of libcurl here needs. Header only: who includes it links libcurl. Thread: any.

/// For std::unique_ptr of libcurl's things.
struct CurlDelete {
    void operator()(CURL *handle) const { curl_easy_cleanup(handle); }
    void operator()(CURLU *url) const { curl_url_cleanup(url); }
    void operator()(curl_slist *list) const { curl_slist_free_all(list); }
};

/// A part of a URL; empty: it has none.
inline std::string urlPart(CURLU *url, CURLUPart which)
{
    char *text = nullptr;
    if (curl_url_get(url, which, &text, 0) != CURLUE_OK)
        return {};
    std::string out(text);
    curl_free(text);
    return out;
}

/// Names this machine, as a URL's host.
inline bool isLoopbackHost(std::string_view host)
{
    return host == "localhost" || host == "127.0.0.1" || host == "[::1]";
}

/// Why nothing may be posted to a URL that somebody configured, and what to write instead.
struct UrlTrouble {
    std::string message, remedy;
};
/// Nothing: it may be. https, or http on this machine, or anywhere when @p allowHttp; no user or password in it.
inline std::optional<UrlTrouble> urlTrouble(const std::string &url, bool allowHttp)
{
    const std::unique_ptr<CURLU, CurlDelete> parsed(curl_url());
    if (!parsed || curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK)
        return UrlTrouble{"\"" + url + "\" is no URL", "https://host/path"};
    const std::string scheme = urlPart(parsed.get(), CURLUPART_SCHEME);
    if (scheme != "https" && scheme != "http")
        return UrlTrouble{"scheme \"" + scheme + "\" is not supported", "https, or http on this machine"};
    if (!urlPart(parsed.get(), CURLUPART_USER).empty() || !urlPart(parsed.get(), CURLUPART_PASSWORD).empty())
        return UrlTrouble{"the URL holds a user or password", "leave it out: it would be told wherever the URL is"};
    if (scheme == "http" && !allowHttp && !isLoopbackHost(urlPart(parsed.get(), CURLUPART_HOST)))
        return UrlTrouble{"plain http leaves this machine", "use https, or set allow_http: true"};
    return std::nullopt;
}

constexpr std::size_t HeaderTextBytesMax = 1'024;
/// Fit for one line of a request's head.
inline bool isHeaderText(std::string_view text)
{
    return text.size() <= HeaderTextBytesMax
           && std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
}

} // namespace eventops
