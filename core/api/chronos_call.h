// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/router.h"
#include "core/codec/json_reader.h"
#include "core/codec/transform_mapping.h"
#include "core/session/transform_desk.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eventops::api {

/// What the routes below /chronos work on.
struct ChronosTools {
    std::shared_ptr<TransformDesk> desk; ///< Null: this server has no transformers, and says so.
    std::vector<std::shared_ptr<const TransformMapping>> shipped; ///< Whose types are known beforehand.
    bool readOnly = false;
};

constexpr std::string_view ChronosBase = "/chronos/api/v1";

/// `{"detail": …}`, as Chronos says what is wrong.
void refuseChronos(HttpExchange &exchange, unsigned status, std::string_view detail);
unsigned chronosStatus(const Error &error);

/// Something wrong in a request: where, what, which kind, as FastAPI has it.
struct ChronosFault {
    std::string place; ///< "body", "header", "query", "path".
    std::string name;  ///< Empty: the whole.
    std::string message, type;
};
void refuseChronos(HttpExchange &exchange, const std::vector<ChronosFault> &faults); ///< 422.

/// A JSON object in the body of a request, member by member; what is wrong is collected.
class ChronosBody
{
public:
    explicit ChronosBody(const ApiCall &call);
    /// True: nothing was wrong. Else the refusal was sent.
    bool accepted() const;
    std::string_view raw(std::string_view name); ///< As written; empty: absent or null.
    std::string text(std::string_view name, bool needed = false);
    std::optional<std::string> optionalText(std::string_view name);
    std::int64_t integer(std::string_view name, bool needed, std::int64_t otherwise = 0);
    bool boolean(std::string_view name, bool otherwise);
    std::string object(std::string_view name, bool needed, std::string_view otherwise = "{}");
    std::vector<std::string> texts(std::string_view name);
    std::vector<std::int64_t> integers(std::string_view name);
    WallNs time(std::string_view name);
    /// The object @p name as a body of its own; absent: an empty one.
    ChronosBody inside(std::string_view name);
    std::string_view document() const { return m_object; }
    void fault(std::string_view name, std::string message, std::string type);

private:
    ChronosBody(std::shared_ptr<std::vector<ChronosFault>> faults, std::shared_ptr<HttpExchange> exchange,
                std::string_view object)
        : m_exchange(std::move(exchange)), m_faults(std::move(faults)), m_object(object)
    {
    }
    template <typename Take>
    void list(std::string_view name, Take take);
    void missing(std::string_view name) { fault(name, "field required", "value_error.missing"); }

    std::shared_ptr<HttpExchange> m_exchange;
    std::shared_ptr<std::vector<ChronosFault>> m_faults;
    JsonReader m_reader;
    std::string_view m_object = "{}"; ///< In the request's body.
};

/// The number in the path; nothing: it is none, and the refusal was sent.
std::optional<std::int64_t> chronosId(const ApiCall &call, std::string_view name);

/// What a call answers with: a JSON document made on the desk's thread.
using ChronosWork = std::function<Result<std::string>(TransformStore &store, const TenantList &tenants)>;
/// Runs @p work for the caller and answers with what it gives. @p writes: for operators, and refused where nobody may
/// change anything. @p after: called when it is stored.
void answerChronos(const ChronosTools &tools, const ApiCall &call, bool writes, ChronosWork work,
                   std::function<void()> after = {});

/// Whose what is made new is: the caller's, else everybody's.
std::string chronosTenant(const Caller &caller);

/// A route below ChronosBase, or where @p path begins with '/chronos'.
Route chronosRoute(std::string_view method, std::string_view path, std::string_view summary, bool writes,
                   std::function<void(ApiCall)> handle);

// Rows as Chronos writes them (contracts 3.3).
std::string sourceJson(const TransformSource &source);
std::string transformerJson(const TransformerRow &row);
std::string rawEventJson(const RawEvent &event);
std::string processedJson(const ProcessedRow &row);
std::string entityJson(const TransformerOutput::EntityRef &entity);
std::string linkJson(const RelationRow &row);
std::string secondsText(WallNs time); ///< "2025-10-21 10:00:00"
std::string isoText(WallNs time);     ///< "2025-10-21T10:00:00.123456Z"
template <typename Row, typename Write>
std::string listJson(const std::vector<Row> &rows, Write write)
{
    std::string out = "[";
    for (const Row &row : rows)
        out += (out.size() > 1 ? "," : "") + write(row);
    return out + ']';
}

} // namespace eventops::api
