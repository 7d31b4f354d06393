// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/time.h"
#include "core/queue/aws_signature.h"
#include "tests/support/loopback_server.h"

#include <QtCore/QByteArray>
#include <QtCore/QJsonArray>
#include <QtCore/QJsonDocument>
#include <QtCore/QJsonObject>
#include <QtCore/QString>

#include <chrono>
#include <map>
#include <mutex>
#include <vector>

namespace eventops::test {

/// SQS as its reference documents it (AWS JSON 1.0), with standard queues that exist as soon as they are named. It
/// checks each signature.
class FakeSqs
{
public:
    static constexpr const char *KeyId = "AKIDEXAMPLE", *Secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    struct Message {
        QString body, receipt, reason, group, deduplication;
        std::chrono::steady_clock::time_point visibleAt{};
        int received = 0;
    };

    FakeSqs() : m_server([this](const std::string &request) { return answer(QByteArray::fromStdString(request)); }) {}

    std::string url(const char *queue = "raw-events") const
    {
        return m_server.url("/123456789012/" + std::string(queue));
    }
    std::vector<Message> messages(const char *queue = "raw-events") const
    {
        const std::lock_guard lock(m_mutex);
        const auto found = m_queues.find(url(queue));
        return found != m_queues.end() ? found->second : std::vector<Message>();
    }
    /// As when the service is made anew: what waited is gone.
    void forget()
    {
        const std::lock_guard lock(m_mutex);
        m_queues.clear();
    }
    void put(const char *body)
    {
        const std::lock_guard lock(m_mutex);
        m_queues[url()].push_back({QString::fromUtf8(body), {}, {}, {}, {}});
    }
    /// The next requests are answered so: status and document.
    void refuseNext(int count, int status, QByteArray document)
    {
        const std::lock_guard lock(m_mutex);
        m_refusals = count;
        m_refusal = {status, std::move(document)};
    }
    int asked(const char *operation) const
    {
        const std::lock_guard lock(m_mutex);
        const auto found = m_asked.find(operation);
        return found != m_asked.end() ? found->second : 0;
    }
    /// What was wrong with requests; empty: nothing.
    QByteArray complaint() const
    {
        const std::lock_guard lock(m_mutex);
        return m_complaint;
    }

private:
    using Reply = std::pair<int, QByteArray>;

    static QByteArray header(const QByteArray &head, const char *name)
    {
        for (const QByteArray &line : head.split('\n')) {
            const qsizetype colon = line.indexOf(':');
            if (line.left(colon).toLower() == name)
                return line.mid(colon + 1).trimmed();
        }
        return {};
    }

    LoopbackServer::Answer answer(const QByteArray &request)
    {
        const qsizetype end = request.indexOf("\r\n\r\n");
        const QByteArray head = request.left(end), body = request.mid(end + 4);
        if (end < 0 || body.size() < header(head, "content-length").toInt())
            return {}; // who asked died
        const std::lock_guard lock(m_mutex);
        const Reply reply = serve(head, body);
        return {("HTTP/1.1 " + QByteArray::number(reply.first)
                 + " X\r\nContent-Type: application/x-amz-json-1.0\r\n"
                   "Connection: close\r\nContent-Length: "
                 + QByteArray::number(reply.second.size()) + "\r\n\r\n" + reply.second)
                    .toStdString()};
    }

    Reply serve(const QByteArray &head, const QByteArray &body)
    {
        const QByteArray target = header(head, "x-amz-target");
        if (!head.startsWith("POST / HTTP/1.1\r\n") || header(head, "content-type") != "application/x-amz-json-1.0"
            || !target.startsWith("AmazonSQS."))
            m_complaint += "no request of SQS: " + head;
        if (!isSigned(head, body, target))
            return {403, "{\"__type\":\"com.amazon.coral.service#SignatureDoesNotMatch\",\"message\":\"no\"}"};
        const std::string operation = target.mid(10).toStdString();
        ++m_asked[operation];
        if (m_refusals > 0) {
            --m_refusals;
            return m_refusal;
        }
        const QJsonObject asked = QJsonDocument::fromJson(body).object();
        auto &queue = m_queues[asked[QLatin1String("QueueUrl")].toString().toStdString()];
        if (operation == "SendMessage")
            return send(queue, asked);
        if (operation == "ReceiveMessage")
            return receive(queue, asked);
        const QString receipt = asked[QLatin1String("ReceiptHandle")].toString();
        for (std::size_t i = 0; i < queue.size(); ++i) {
            if (queue[i].receipt != receipt || receipt.isEmpty())
                continue;
            if (operation == "DeleteMessage")
                queue.erase(queue.begin() + static_cast<std::ptrdiff_t>(i));
            else
                queue[i].visibleAt = std::chrono::steady_clock::now()
                                     + std::chrono::seconds(asked[QLatin1String("VisibilityTimeout")].toInt());
            return {200, "{}"};
        }
        return {400, "{\"__type\":\"com.amazonaws.sqs#ReceiptHandleIsInvalid\",\"message\":\"unknown\"}"};
    }

    /// Signed with our key at the time it says, for what it holds.
    static bool isSigned(const QByteArray &head, const QByteArray &body, const QByteArray &target)
    {
        AwsRequest request;
        request.method = "POST";
        request.headers = {{"content-type", header(head, "content-type").toStdString()},
                           {"host", header(head, "host").toStdString()},
                           {"x-amz-target", target.toStdString()}};
        request.body = body.toStdString();
        request.region = "eu-central-1";
        request.service = "sqs";
        const QByteArray date = header(head, "x-amz-date");
        const QByteArray text = date.left(4) + '-' + date.mid(4, 2) + '-' + date.mid(6, 2) + 'T' + date.mid(9, 2) + ':'
                                + date.mid(11, 2) + ':' + date.mid(13, 2) + 'Z';
        const auto when = parseTimestamp(text.toStdString());
        return when
               && signAwsRequest(request, {KeyId, Secret, {}}, *when).front()
                      == "Authorization: " + header(head, "authorization").toStdString();
    }

    static Reply send(std::vector<Message> &queue, const QJsonObject &asked)
    {
        Message message;
        message.body = asked[QLatin1String("MessageBody")].toString();
        message.group = asked[QLatin1String("MessageGroupId")].toString();
        message.deduplication = asked[QLatin1String("MessageDeduplicationId")].toString();
        message.reason = asked[QLatin1String("MessageAttributes")]
                             .toObject()[QLatin1String("Reason")]
                             .toObject()[QLatin1String("StringValue")]
                             .toString();
        queue.push_back(std::move(message));
        return {200, "{\"MessageId\":\"m\",\"MD5OfMessageBody\":\"x\"}"};
    }

    Reply receive(std::vector<Message> &queue, const QJsonObject &asked)
    {
        const auto now = std::chrono::steady_clock::now();
        QJsonArray found;
        for (Message &message : queue) {
            if (message.visibleAt > now || found.size() >= asked[QLatin1String("MaxNumberOfMessages")].toInt())
                continue;
            message.receipt = QString::number(++m_receipts);
            message.visibleAt = now + std::chrono::seconds(asked[QLatin1String("VisibilityTimeout")].toInt());
            ++message.received;
            found.append(QJsonObject{{QStringLiteral("MessageId"), QStringLiteral("m")},
                                     {QStringLiteral("ReceiptHandle"), message.receipt},
                                     {QStringLiteral("Body"), message.body}});
        }
        if (found.isEmpty())
            return {200, "{}"}; // as SQS does: no member at all
        const QJsonObject out{{QStringLiteral("Messages"), found}};
        return {200, QJsonDocument(out).toJson(QJsonDocument::Compact)};
    }

    mutable std::mutex m_mutex;
    std::map<std::string, std::vector<Message>> m_queues; ///< By URL.
    std::map<std::string, int> m_asked;
    QByteArray m_complaint;
    int m_refusals = 0, m_receipts = 0;
    Reply m_refusal;
    LoopbackServer m_server; ///< Last: its thread uses the others.
};

} // namespace eventops::test
