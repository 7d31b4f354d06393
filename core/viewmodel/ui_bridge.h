// SPDX-License-Identifier: MIT
#pragma once

#include <QElapsedTimer>
#include <QObject>
#include <QTimer>

#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace eventops {

/// Owned by a receiver of bridged calls: once it is gone, calls still under way are dropped.
class ReceiverGuard
{
public:
    ReceiverGuard() : m_token(std::make_shared<char>()) {}
    ReceiverGuard(const ReceiverGuard &) = delete;
    ReceiverGuard &operator=(const ReceiverGuard &) = delete;
    std::weak_ptr<char> watch() const { return m_token; }
    void reset() { m_token = std::make_shared<char>(); } ///< Drops what is under way, receives what comes after.

private:
    std::shared_ptr<char> m_token;
};

/// The one crossing from a back end's threads to the UI thread. Collects calls and runs them together, at most once a
/// frame, by one queued call; sleeps while there is nothing to do.
/// Thread: `post` and the callables made by `to` any; the rest, and where calls run, the thread that made it.
class UiBridge final : public QObject
{
    Q_OBJECT

public:
    explicit UiBridge(QObject *parent = nullptr);

    /// Runs @p call on the UI thread within a frame, in order of posting, unless @p receiver is gone by then.
    void post(std::weak_ptr<char> receiver, std::function<void()> call);

    /// A callable for a back end's callback: moves its arguments over and calls @p call there.
    template <typename Call>
    auto to(const ReceiverGuard &receiver, Call call)
    {
        return [this, watch = receiver.watch(), call = std::move(call)](auto &&...arguments) {
            auto held = std::make_shared<std::tuple<std::decay_t<decltype(arguments)>...>>(
                std::forward<decltype(arguments)>(arguments)...);
            post(watch, [call, held] { std::apply(call, std::move(*held)); });
        };
    }

    static constexpr int FrameMs = 16;

private:
    void drain();

    std::mutex m_mutex;
    std::vector<std::pair<std::weak_ptr<char>, std::function<void()>>> m_calls;
    QElapsedTimer m_sinceDrain;
    QTimer m_frame;
};

} // namespace eventops
