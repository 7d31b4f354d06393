// SPDX-License-Identifier: MIT
#pragma once

#include <curl/curl.h>

#include <algorithm>
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

constexpr std::size_t HeaderTextBytesMax = 1'024;
/// Fit for one line of a request's head.
inline bool isHeaderText(std::string_view text)
{
    return text.size() <= HeaderTextBytesMax
           && std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
}

} // namespace eventops
