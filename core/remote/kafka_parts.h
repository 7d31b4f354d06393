// SPDX-License-Identifier: MIT
#pragma once

#include "core/remote/decision_sender.h"
#include "core/remote/kafka_backend.h"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

namespace eventops::remote {

/// A directory of our own, gone at the end.
class PrivateDirectory
{
public:
    /// Only its owner may enter it. Io.
    static Result<std::unique_ptr<PrivateDirectory>> make();
    ~PrivateDirectory();
    PrivateDirectory(const PrivateDirectory &) = delete;
    PrivateDirectory &operator=(const PrivateDirectory &) = delete;
    const std::string &path() const { return m_path; }

private:
    explicit PrivateDirectory(std::string path) : m_path(std::move(path)) {}
    const std::string m_path;
};

/// The thread that keeps the topics read, and all that belongs to it.
struct KafkaBackend::Parts {
    explicit Parts(KafkaAttachOptions given) : options(std::move(given)) {}
    ~Parts();
    Status prepare();
    void work();
    Result<std::string> findTopics();
    Status readTopics(const std::string &pipeline);
    void heard(const RunProgress &progress);
    void tell(ConnectionState now);
    bool waitToRetry(std::chrono::milliseconds time);

    const KafkaAttachOptions options;
    std::unique_ptr<PrivateDirectory> own; ///< Null: the directory has a name.
    std::string directory;
    std::unique_ptr<LocalBackend> inner;
    std::unique_ptr<DecisionSender> decisions; ///< Null: this console may only look.

    mutable std::mutex mutex;
    std::condition_variable wake;
    ConnectionState now;
    Ticket reading; ///< The run under way.
    bool stop = false;
    bool retry = false;
    bool attached = false;       ///< Ever.
    std::optional<Status> ended; ///< Without `follow`: how.
    std::thread thread;
};

} // namespace eventops::remote
