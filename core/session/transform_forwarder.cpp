// SPDX-License-Identifier: MIT
#include "core/session/transform_consumer.h"

#include <chrono>
#include <future>

namespace eventops {
namespace {

constexpr std::uint64_t DocumentsMax = 1'000;     ///< Of one request …
constexpr std::size_t BytesMax = 4u << 20;        ///< … and their bytes, but for a single one.
constexpr std::chrono::milliseconds EndLook{500}; ///< Between two looks whether to stop waiting.
constexpr std::uint64_t LettersMax = 100'000;
constexpr std::size_t LetterBytes = 100; ///< Of a letter's beginning: more than its key.

/// Waits for an answer that @p ask hands to its argument; Cancelled once @p ended says so. Who answers may be later.
template <typename Ask, typename Ended>
Status answered(Ask ask, Ended ended)
{
    const auto promise = std::make_shared<std::promise<Status>>();
    auto future = promise->get_future();
    ask([promise](const Status &status) { promise->set_value(status); });
    while (future.wait_for(EndLook) != std::future_status::ready) {
        if (ended())
            return Error{Error::Code::Cancelled, "ended"};
    }
    return future.get();
}

} // namespace

TransformForwarder::TransformForwarder(Workspace workspace, Backend &backend)
    : m_workspace(std::move(workspace)), m_backend(backend), m_steps([this] { return step(); })
{
}

Result<bool> TransformForwarder::step()
{
    if (m_store == nullptr || !m_store->isCurrent())
        m_store = EVENTOPS_TRY(TransformStore::open(m_workspace.directory));
    const auto documents = EVENTOPS_TRY(m_store->outgoing(DocumentsMax));
    if (documents.empty())
        return false;
    if (m_crashed)
        EVENTOPS_TRY(findLetters());
    IngestRequest request;
    std::int64_t last = 0;
    for (const TransformStore::Outgoing &one : documents) {
        if (!request.records.empty() && request.bytes.size() + one.document.size() > BytesMax)
            break;
        last = one.id;
        if (m_letters.contains(one.document.substr(0, LetterBytes)))
            continue;
        request.records.push_back(
            {static_cast<std::uint32_t>(request.bytes.size()), static_cast<std::uint32_t>(one.document.size())});
        request.bytes += one.document;
        request.bytes += '\n';
    }
    const Status handed = request.records.empty() ? Status(Ok{}) : handIn(std::move(request));
    m_crashed = !handed; // some of them may be stored
    EVENTOPS_TRY(handed);
    EVENTOPS_TRY(m_store->dropOutgoing(last));
    return true;
}

Status TransformForwarder::handIn(IngestRequest request)
{
    return answered(
        [&](auto done) {
            m_backend.ingest({"transformers", Role::Admin, {}}, std::move(request),
                             [done](const Result<IngestOutcome> &outcome) {
                                 done(outcome ? Status(Ok{}) : Status(outcome.error()));
                             });
        },
        [this] { return m_steps.ended(); });
}

/// Dead letters have no keys by which the ledger would know them again: we look before we hand one in again.
Status TransformForwarder::findLetters()
{
    const auto found = std::make_shared<std::set<std::string>>();
    EVENTOPS_TRY(answered(
        [&](auto done) {
            m_backend.deadLetters(
                {"transformers", Role::Admin, {}}, LettersMax,
                [found](const std::vector<DeadLetterRow> &page) {
                    for (const DeadLetterRow &letter : page)
                        found->insert(letter.bytes.substr(0, LetterBytes));
                },
                [done](const Result<Ok> &read) { done(read); });
        },
        [this] { return m_steps.ended(); }));
    m_letters = std::move(*found);
    return Ok{};
}

} // namespace eventops
