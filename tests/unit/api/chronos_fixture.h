// SPDX-License-Identifier: MIT
#pragma once

#include "core/codec/transform_mapping.h"
#include "core/session/transform_desk.h"
#include "tests/unit/api/api_fixture.h"

#include <QtCore/QJsonArray>

namespace eventops::test {

/// A transformer that fails on every event whose body holds "boom", and is silent on the others.
class FailingTransformer final : public Transformer
{
public:
    std::vector<Result<TransformerOutput>> transform(std::span<const RawEvent> events) override
    {
        std::vector<Result<TransformerOutput>> out;
        for (const RawEvent &event : events) {
            if (event.body.find("boom") == std::string::npos)
                out.emplace_back(TransformerOutput());
            else
                out.emplace_back(Error{Error::Code::InvalidInput, "it went off"});
        }
        return out;
    }
};

/// A served workspace with transformers; "Failing" is a type of its own.
class ServedTransformers
{
public:
    explicit ServedTransformers(bool insecureLoopback = false, bool readOnly = false)
        : m_served("", insecureLoopback, "default",
                   [readOnly](api::ApiOptions &options) { options.readOnly = readOnly; })
    {
        m_served.stop();
        auto shipped = loadTransformMappings(EVENTOPS_SOURCE_DIR "/pipelines/transformers");
        if (!shipped) {
            m_failure = shipped.error().text();
            return;
        }
        TransformDesk::Options options;
        addJsonTransformer(options.registry);
        addShippedTransformers(options.registry, shipped.value());
        options.registry.add("Failing", [](const TransformerSetup &) -> Result<std::shared_ptr<Transformer>> {
            return std::shared_ptr<Transformer>(std::make_shared<FailingTransformer>());
        });
        api::ChronosTools tools;
        tools.shipped = std::move(shipped).value();
        tools.desk =
            std::make_shared<TransformDesk>(Workspace{m_served.directory()}, m_served.backend(), std::move(options));
        m_failure = m_served.start(insecureLoopback, [&](api::ApiOptions &api) {
            api.readOnly = readOnly;
            api.transforms = tools;
        });
    }

    const std::string &failure() const { return m_failure; }
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
    std::string m_failure;
};

} // namespace eventops::test
