// SPDX-License-Identifier: MIT
#pragma once

#include "tests/unit/api/api_fixture.h"

#include <QtCore/QJsonArray>

namespace eventops::test {

/// A served workspace, asked by Chronos' paths.
class ServedTransformers
{
public:
    explicit ServedTransformers(bool insecureLoopback = false, bool readOnly = false)
        : m_served("", insecureLoopback, "default",
                   [readOnly](api::ApiOptions &options) { options.readOnly = readOnly; })
    {
    }

    const std::string &failure() const { return m_served.failure(); }
    ServedWorkspace &served() { return m_served; }

    HttpAnswer get(const QByteArray &path, const char *token = "admin") const
    {
        return m_served.get("/chronos/api/v1" + path, token);
    }
    HttpAnswer send(const QByteArray &method, const QByteArray &path, const QByteArray &body = {},
                    const char *token = "operator", const QByteArray &headers = {}) const
    {
        return m_served.ask(m_served.request(method, "/chronos/api/v1" + path, token, body, headers));
    }
    HttpAnswer post(const QByteArray &path, const QByteArray &body, const char *token = "operator") const
    {
        return send("POST", path, body, token);
    }
    HttpAnswer event(const QByteArray &body, const QByteArray &headers = "x-event-source: shop\r\n",
                     const QByteArray &path = "/event", const char *token = "operator") const
    {
        return send("POST", path, body, token, headers);
    }
    static QJsonArray list(const HttpAnswer &answer) { return QJsonDocument::fromJson(answer.body).array(); }
    /// Waits until there are @p count processed events; false: they do not come.
    bool processed(int count) const
    {
        QElapsedTimer timer;
        timer.start();
        while (list(get("/processed_events/")).size() < count) {
            if (timer.elapsed() > 20'000)
                return false;
        }
        return true;
    }
    qint64 counted(const char *what) const
    {
        return m_served.get("/api/v1/health")
            .json()[QLatin1String("records")]
            .toObject()[QLatin1String(what)]
            .toInteger();
    }
    /// Waits until the engine has counted so many.
    bool reaches(const char *what, qint64 count) const
    {
        QElapsedTimer timer;
        timer.start();
        while (counted(what) < count) {
            if (timer.elapsed() > 20'000)
                return false;
        }
        return counted(what) == count;
    }

private:
    ServedWorkspace m_served;
};

} // namespace eventops::test
