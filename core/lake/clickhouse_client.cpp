// SPDX-License-Identifier: MIT
#include "core/lake/clickhouse_client.h"

#include "core/base/curl_handles.h"
#include "core/base/encode.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <mutex>

namespace eventops::lake {
namespace {

constexpr std::int64_t PauseMs = 100;        ///< Before the second attempt; doubled for each further one.
constexpr std::int64_t LookMs = 20;          ///< How late a stop may be seen.
constexpr std::size_t MessageBytesMax = 600; ///< Of a server's words in an error.
constexpr std::size_t RefusalBytesMax = 64u << 10;
constexpr std::string_view Boundary = "eventops-rows";
constexpr char PartHead[] = "--eventops-rows\r\nContent-Disposition: form-data; name=\"rows\"; filename=\"rows\"\r\n"
                            "Content-Type: application/octet-stream\r\n\r\n";
constexpr std::string_view PartTail = "\r\n--eventops-rows--\r\n";

/// One line, printable as it is, of bounded length.
std::string oneLine(std::string_view text)
{
    std::string out;
    for (const char c : text.substr(0, MessageBytesMax))
        out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    while (!out.empty() && out.back() == ' ')
        out.pop_back();
    return out;
}

/// Null: no memory.
curl_slist *headersOf(const ClickHouseAddress &address, const std::string &contentType)
{
    curl_slist *list = nullptr;
    const auto header = [&](const std::string &line) {
        if (curl_slist *longer = curl_slist_append(list, line.c_str()))
            list = longer;
    };
    header("Expect:"); // no waiting for "100 Continue"
    header("Content-Type: " + contentType);
    if (!address.user.empty())
        header("X-ClickHouse-User: " + address.user);
    if (!address.password.empty())
        header("X-ClickHouse-Key: " + address.password);
    return list;
}

/// The server never got a byte of the request.
bool neverArrived(CURLcode code)
{
    return code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_SSL_CONNECT_ERROR
           || code == CURLE_PEER_FAILED_VERIFICATION;
}

} // namespace

struct ClickHouseClient::Handle {
    std::unique_ptr<CURL, CurlDelete> curl;
    std::unique_ptr<curl_slist, CurlDelete> headers, insertHeaders;
};

/// Where the bytes of an answer go.
struct ClickHouseClient::Transfer {
    const ClickHouseClient *client = nullptr;
    CURL *curl = nullptr;
    const std::function<bool(std::string_view)> *line = nullptr; ///< Null: all into `text`.
    std::string text;                                            ///< The answer, or a line that has no end yet.
    bool isInsertion = false;
    bool tooLong = false, unwanted = false, stopped = false;

    static std::size_t write(char *data, std::size_t, std::size_t size, void *user)
    {
        auto &self = *static_cast<Transfer *>(user);
        return self.take(std::string_view(data, size)) ? size : 0;
    }
    static int look(void *user, curl_off_t, curl_off_t, curl_off_t, curl_off_t)
    {
        auto &self = *static_cast<Transfer *>(user);
        self.stopped = self.client->stopped();
        return self.stopped ? 1 : 0;
    }

    bool take(std::string_view bytes)
    {
        long status = 0;
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
        if (status != 200) { // an exception: its first words are enough
            text.append(bytes.substr(0, RefusalBytesMax - std::min(RefusalBytesMax, text.size())));
            return true;
        }
        tooLong = text.size() + bytes.size() > (line == nullptr ? AnswerBytesMax : LineBytesMax);
        if (tooLong)
            return false;
        text += bytes;
        return line == nullptr || giveLines();
    }
    bool giveLines()
    {
        std::size_t begin = 0;
        for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', begin)) {
            if (!(*line)(std::string_view(text).substr(begin, end - begin))) {
                unwanted = true;
                return false;
            }
            begin = end + 1;
        }
        text.erase(0, begin);
        return true;
    }
};

bool ClickHouseAnswer::mayPass() const
{
    // TIMEOUT_EXCEEDED, TOO_MANY_SIMULTANEOUS_QUERIES, NO_FREE_CONNECTION, SOCKET_TIMEOUT, NETWORK_ERROR,
    // QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING, MEMORY_LIMIT_EXCEEDED, TABLE_IS_READ_ONLY, NOT_ENOUGH_SPACE,
    // TOO_MANY_PARTS, QUERY_WAS_CANCELLED, FUNCTION_THROW_IF_VALUE_IS_NON_ZERO (came too late), KEEPER_EXCEPTION
    constexpr std::array<int, 13> Passing{159, 202, 203, 209, 210, 216, 241, 242, 243, 252, 394, 395, 999};
    if (kind == Kind::NotSent || kind == Kind::Cut)
        return true;
    if (kind != Kind::Refused)
        return false;
    if (exception == 0) // not a word of ClickHouse: something on the way
        return status == 408 || status == 429 || status >= 500;
    return std::find(Passing.begin(), Passing.end(), exception) != Passing.end();
}

Error ClickHouseAnswer::error() const
{
    switch (kind) {
    case Kind::NotSent: return Error{Error::Code::Unavailable, "ClickHouse cannot be reached: " + text};
    case Kind::Cut: return Error{Error::Code::Unavailable, "the connection to ClickHouse broke: " + text};
    case Kind::Stopped: return Error{Error::Code::Cancelled, "stopped"};
    case Kind::TooLong: return Error{Error::Code::LimitExceeded, "ClickHouse's answer is too long", {}, "ask for less"};
    case Kind::Done:
    case Kind::Refused: break;
    }
    // UNKNOWN_USER, WRONG_PASSWORD, REQUIRED_PASSWORD, ACCESS_DENIED, AUTHENTICATION_FAILED
    constexpr std::array<int, 5> WhoAreYou{192, 193, 194, 497, 516};
    if (exception == 0)
        return Error{Error::Code::Unavailable, "no ClickHouse answers there, but something with HTTP status "
                                                   + std::to_string(status) + (text.empty() ? "" : ": " + text)};
    const std::string message = "ClickHouse says " + std::to_string(exception) + ": " + text;
    if (std::find(WhoAreYou.begin(), WhoAreYou.end(), exception) != WhoAreYou.end())
        return Error{Error::Code::Refused, message, {}, "set CLICKHOUSE_USER and CLICKHOUSE_PASSWORD"};
    return Error{mayPass() ? Error::Code::Unavailable : Error::Code::InvalidArgument, message};
}

ClickHouseClient::ClickHouseClient(ClickHouseAddress address, std::function<bool()> mustStop)
    : m_address(std::move(address)), m_mustStop(std::move(mustStop)), m_handle(std::make_unique<Handle>())
{
}

ClickHouseClient::~ClickHouseClient() = default;

Result<std::unique_ptr<ClickHouseClient>> ClickHouseClient::open(ClickHouseAddress address,
                                                                 std::function<bool()> mustStop)
{
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
    const std::unique_ptr<CURLU, CurlDelete> url(curl_url());
    if (!url || curl_url_set(url.get(), CURLUPART_URL, address.url.c_str(), 0) != CURLUE_OK)
        return Error{Error::Code::InvalidArgument, "\"" + oneLine(address.url) + "\" is no URL", {},
                     "for example http://localhost:8123"};
    const std::string scheme = urlPart(url.get(), CURLUPART_SCHEME);
    if (scheme != "http" && scheme != "https")
        return Error{Error::Code::InvalidArgument, "\"" + scheme + "\" is not ClickHouse's HTTP interface", {},
                     "http or https, port 8123 or 8443"};
    if (!urlPart(url.get(), CURLUPART_USER).empty() || !urlPart(url.get(), CURLUPART_PASSWORD).empty())
        return Error{Error::Code::InvalidArgument, "the URL holds a user or password", {},
                     "use CLICKHOUSE_USER and CLICKHOUSE_PASSWORD"};
    if (!urlPart(url.get(), CURLUPART_QUERY).empty() || !urlPart(url.get(), CURLUPART_FRAGMENT).empty())
        return Error{Error::Code::InvalidArgument, "the URL holds a query or a fragment", {}, "leave it out"};
    if (!address.password.empty() && scheme == "http" && !address.allowHttp
        && !isLoopbackHost(urlPart(url.get(), CURLUPART_HOST)))
        return Error{Error::Code::Refused, "the password would leave this machine in the clear", {},
                     "use https, or allow it with --allow-http"};
    if (!isHeaderText(address.user) || !isHeaderText(address.password))
        return Error{Error::Code::InvalidArgument, "the user or the password is not fit for an HTTP header"};
    if (urlPart(url.get(), CURLUPART_PATH).empty() || address.url.back() != '/')
        address.url += '/';
    std::unique_ptr<ClickHouseClient> client(new ClickHouseClient(std::move(address), std::move(mustStop)));
    Handle &handle = *client->m_handle;
    handle.curl.reset(curl_easy_init());
    handle.headers.reset(headersOf(client->m_address, "text/plain; charset=UTF-8"));
    handle.insertHeaders.reset(headersOf(client->m_address, "multipart/form-data; boundary=" + std::string(Boundary)));
    if (!handle.curl || !handle.headers || !handle.insertHeaders)
        return Error{Error::Code::Unavailable, "libcurl cannot start"};
    return client;
}

std::string ClickHouseClient::urlOf(std::string_view sql, const ClickHouseParameters &parameters) const
{
    std::string url = m_address.url;
    char separator = '?';
    const auto add = [&](std::string_view name, std::string_view value) {
        url += std::exchange(separator, '&');
        url += percentEncoded(name);
        url += '=';
        url += percentEncoded(value);
    };
    if (!sql.empty())
        add("query", sql);
    for (const auto &[name, value] : parameters)
        add(name, value);
    return url;
}

ClickHouseAnswer ClickHouseClient::perform(const std::string &url, std::string_view body, Transfer &transfer)
{
    CURL *const curl = m_handle->curl.get();
    transfer.client = this;
    transfer.curl = curl;
    curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_PROXY, ""); // the configured URL and nothing else
    curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, transfer.isInsertion ? 1L : 0L);
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(m_address.connectMsMax));
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(m_address.requestMsMax));
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "eventops");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER,
                     (transfer.isInsertion ? m_handle->insertHeaders : m_handle->headers).get());
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.data());
    curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, nullptr);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &Transfer::write);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &Transfer::look);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &transfer);
    const CURLcode code = curl_easy_perform(curl);
    ClickHouseAnswer answer;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer.status);
    if (transfer.tooLong) {
        answer.kind = ClickHouseAnswer::Kind::TooLong;
    } else if (transfer.stopped || transfer.unwanted) {
        answer.kind = ClickHouseAnswer::Kind::Stopped;
    } else if (code != CURLE_OK) {
        answer.kind = neverArrived(code) ? ClickHouseAnswer::Kind::NotSent : ClickHouseAnswer::Kind::Cut;
        answer.text = code == CURLE_OPERATION_TIMEDOUT ? "no answer in time" : curl_easy_strerror(code);
    } else if (answer.status != 200) {
        answer.kind = ClickHouseAnswer::Kind::Refused;
        answer.exception = clickHouseException(transfer.text, answer.text);
        if (answer.exception == 0)
            answer.text = oneLine(transfer.text);
    } else {
        answer.kind = ClickHouseAnswer::Kind::Done;
        if (transfer.line != nullptr && !transfer.text.empty() && !(*transfer.line)(transfer.text))
            answer.kind = ClickHouseAnswer::Kind::Stopped;
        answer.text = transfer.line == nullptr ? std::move(transfer.text) : std::string();
    }
    return answer;
}

ClickHouseAnswer ClickHouseClient::send(std::string_view sql, const ClickHouseParameters &parameters)
{
    Transfer transfer;
    return perform(urlOf({}, parameters), sql, transfer);
}

ClickHouseAnswer ClickHouseClient::insert(std::string_view sql, std::string_view structure, std::string_view rows,
                                          ClickHouseParameters parameters)
{
    parameters.emplace_back("rows_format", "JSONEachRow");
    parameters.emplace_back("rows_structure", structure);
    std::string body = PartHead; // lines of JSON hold no carriage return, so the boundary cannot be among them
    body.reserve(body.size() + rows.size() + PartTail.size());
    body += rows;
    body += PartTail;
    Transfer transfer;
    // libcurl sends a request again by itself when a connection that it used before ends without a word; an insertion
    // must not be sent twice behind our back, so it has a connection of its own.
    transfer.isInsertion = true;
    return perform(urlOf(sql, parameters), body, transfer);
}

ClickHouseAnswer ClickHouseClient::lines(std::string_view sql, const ClickHouseParameters &parameters,
                                         const std::function<bool(std::string_view)> &line)
{
    Transfer transfer;
    transfer.line = &line;
    return perform(urlOf({}, parameters), sql, transfer);
}

Result<std::string> ClickHouseClient::ask(std::string_view sql, const ClickHouseParameters &parameters)
{
    for (unsigned attempt = 1;; ++attempt) {
        ClickHouseAnswer answer = send(sql, parameters);
        if (answer.kind == ClickHouseAnswer::Kind::Done)
            return std::move(answer.text);
        if (!answer.mayPass() || attempt == AttemptsMax)
            return answer.error();
        if (!pause(PauseMs << (attempt - 1)))
            return Error{Error::Code::Cancelled, "stopped"};
    }
}

bool ClickHouseClient::pause(std::int64_t ms) const
{
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(ms);
    while (!stopped()) {
        if (std::chrono::steady_clock::now() >= end)
            return true;
        ::poll(nullptr, 0, static_cast<int>(std::min(ms, LookMs)));
    }
    return false;
}

} // namespace eventops::lake
