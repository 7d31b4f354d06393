// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace eventops::lake {

/// Which ClickHouse, as whom, and how long it may take.
struct ClickHouseAddress {
    std::string url = "http://localhost:8123"; ///< http or https; no user, password or query in it.
    std::string database;                      ///< Empty: ClickHouseDatabase.
    std::string user;                          ///< Empty: the server's default user.
    std::string password;                      ///< From the environment or a file, never from a command line.
    bool allowHttp = false;                    ///< Send a password over plain http to another machine.
    std::int64_t connectMsMax = 5'000;
    std::int64_t requestMsMax = 60'000;        ///< For one whole exchange.
};
/// A URL, user, password and database for ClickHouse, as its environment gives them: CLICKHOUSE_URL, CLICKHOUSE_USER,
/// CLICKHOUSE_PASSWORD or CLICKHOUSE_PASSWORD_FILE, CLICKHOUSE_DATABASE. What is not there stays as @p address has it.
Result<ClickHouseAddress> withClickHouseEnvironment(ClickHouseAddress address);

/// What came of one exchange.
struct ClickHouseAnswer {
    enum class Kind : std::uint8_t {
        Done,    ///< The server did it and said so.
        NotSent, ///< The server never saw it: no connection.
        Cut,     ///< The connection ended in the middle: the server may or may not have done it.
        Refused, ///< The server answered with an exception; see `exception`.
        Stopped, ///< We ended it: stopped, or the consumer did not want more.
        TooLong, ///< The answer is longer than AnswerBytesMax.
    };
    Kind kind = Kind::NotSent;
    long status = 0;       ///< Of HTTP; 0: none came.
    int exception = 0;     ///< ClickHouse's number of it; 0: none, for example from a proxy.
    std::string text;      ///< The answer, or what went wrong in one line.

    /// It may go better by itself: trouble on the way, or a server that has no room or no time at this moment.
    bool mayPass() const;
    Error error() const;   ///< Of what is not Done.
};

/// Parameters of a request's URL, encoded when sent.
using ClickHouseParameters = std::vector<std::pair<std::string, std::string>>;

/// ClickHouse's HTTP interface (contract U25), by libcurl. Follows no redirect, uses no proxy, speaks http and https
/// with the system's certificates. Thread: one. Memory: a body is the caller's; answers up to AnswerBytesMax, but
/// those that are read line by line.
class ClickHouseClient
{
public:
    static constexpr std::size_t AnswerBytesMax = 64u << 20;
    static constexpr std::size_t LineBytesMax = 64u << 20;
    static constexpr unsigned AttemptsMax = 5; ///< Of `ask`.

    /// Connects to nothing yet. @p mustStop: asked often; once true, a request under way soon ends with Stopped.
    /// InvalidArgument names what is wrong with the URL; Refused: a password would go out in the clear.
    static Result<std::unique_ptr<ClickHouseClient>> open(ClickHouseAddress address,
                                                          std::function<bool()> mustStop = {});
    ~ClickHouseClient();

    const ClickHouseAddress &address() const { return m_address; }
    std::string shownUrl() const { return m_address.url; }

    /// One exchange: POST with @p sql as its body.
    ClickHouseAnswer send(std::string_view sql, const ClickHouseParameters &parameters = {});
    /// The same with @p sql in the URL, which finds @p rows, lines of JSONEachRow, as a table `rows` of @p structure
    /// ("ts DateTime, …"): the server's "external data".
    ClickHouseAnswer insert(std::string_view sql, std::string_view structure, std::string_view rows,
                            ClickHouseParameters parameters);
    /// Asks, and asks again with growing pauses while that may help: for what can be done twice without harm.
    Result<std::string> ask(std::string_view sql, const ClickHouseParameters &parameters = {});
    /// The answer's lines as they come, without their ends; @p line returns false to stop, which is Stopped.
    ClickHouseAnswer lines(std::string_view sql, const ClickHouseParameters &parameters,
                           const std::function<bool(std::string_view)> &line);

    /// Waits, but not when stopped. False: stopped.
    bool pause(std::int64_t ms) const;
    bool stopped() const { return m_mustStop && m_mustStop(); }

private:
    struct Handle;
    struct Transfer;
    ClickHouseClient(ClickHouseAddress address, std::function<bool()> mustStop);
    ClickHouseAnswer perform(const std::string &url, std::string_view body, Transfer &transfer);
    std::string urlOf(std::string_view sql, const ClickHouseParameters &parameters) const;

    const ClickHouseAddress m_address;
    const std::function<bool()> m_mustStop;
    std::unique_ptr<Handle> m_handle;
};

/// "Code: 60, e.displayText() = DB::Exception: …" or "Code: 60. DB::Exception: …": the number, and the text on one
/// line without the stack trace. 0: the text is none of these.
int clickHouseException(std::string_view text, std::string &message);

/// A string literal of ClickHouse's SQL.
std::string clickHouseLiteral(std::string_view text);
/// The fields of one line of TabSeparated, unescaped; `null` is told apart from the text "\N".
struct ClickHouseField {
    std::string text;
    bool null = false;
};
void splitTabSeparated(std::string_view line, std::vector<ClickHouseField> &fields);

} // namespace eventops::lake
