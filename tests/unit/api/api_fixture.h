// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/api_server.h"
#include "core/base/hash.h"
#include "core/codec/transform_mapping.h"
#include "core/session/script_transformers.h"
#include "core/session/transform_desk.h"
#include "tests/support/local_workspace.h"
#include "tests/unit/api/http_client.h"

#include <QtTest/QtTest>

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

/// A small real workspace, served; with a token for every role. "Failing" is a type of transformers.
class ServedWorkspace
{
public:
    /// @p capture: below resources/captures; empty: nothing was ever read.
    explicit ServedWorkspace(const std::string &capture = "agents.ndjson", bool insecureLoopback = false,
                             const std::string &pipeline = "default",
                             const std::function<void(api::ApiOptions &)> &change = {})
        : m_backend(m_workspace.backend())
    {
        if (!capture.empty())
            m_failure = LocalWorkspace::replay(*m_backend, capture, pipeline);
        if (const std::string failure = start(insecureLoopback, change); !failure.empty())
            m_failure = failure;
    }

    /// Serves it, again after `stop`; empty: all went well.
    std::string start(bool insecureLoopback, const std::function<void(api::ApiOptions &)> &change)
    {
        api::ApiOptions options;
        options.insecureLoopback = insecureLoopback;
        options.callbacks =
            std::make_shared<WebhookCallbacks>(Workspace{directory()}, [this] { m_backend->inputWaits(); });
        if (change)
            change(options);
        options.transforms = transformers(options.readOnly);
        auto server = api::ApiServer::start(*m_backend, tokens(), options);
        if (!server)
            return server.error().text();
        m_server = std::move(server).value();
        return {};
    }

    /// Empty: all went well.
    const std::string &failure() const { return m_failure; }
    quint16 port() const { return m_server->port(); }
    LocalBackend &backend() { return *m_backend; }
    std::string directory() const { return m_workspace.directory(); }
    const api::ApiServer &server() const { return *m_server; }
    void stop() { m_server.reset(); }

    static QByteArray token(const char *name) { return QByteArray(name).repeated(8).left(40).leftJustified(40, '0'); }

    /// A request as a good client sends it; @p headers come on top, and replace those of the same name.
    QByteArray request(const QByteArray &method, const QByteArray &target, const char *tokenName = "admin",
                       const QByteArray &body = {}, const QByteArray &headers = {}) const
    {
        QByteArray out = method + ' ' + target + " HTTP/1.1\r\n";
        const QByteArray lower = "\r\n" + headers.toLower();
        if (!lower.contains("\r\nhost:"))
            out += "Host: localhost:" + QByteArray::number(port()) + "\r\n";
        if (tokenName != nullptr && !lower.contains("\r\nauthorization:"))
            out += "Authorization: Bearer " + token(tokenName) + "\r\n";
        if (!body.isEmpty() && !lower.contains("\r\ncontent-type:"))
            out += "Content-Type: application/json\r\n";
        if (!body.isEmpty() || method == "POST")
            out += "Content-Length: " + QByteArray::number(body.size()) + "\r\n";
        return out + headers + "\r\n" + body;
    }

    HttpAnswer ask(const QByteArray &bytes) const
    {
        HttpClient client(port());
        client.send(bytes);
        return client.read(bytes.startsWith("HEAD "), 30'000);
    }
    HttpAnswer get(const QByteArray &target, const char *tokenName = "admin") const
    {
        return ask(request("GET", target, tokenName));
    }
    HttpAnswer post(const QByteArray &target, const QByteArray &body, const char *tokenName = "admin") const
    {
        return ask(request("POST", target, tokenName, body));
    }

private:
    api::ChronosTools transformers(bool readOnly)
    {
        api::ChronosTools tools;
        tools.shipped = loadTransformMappings(EVENTOPS_SOURCE_DIR "/pipelines/transformers").valueOr({});
        TransformDesk::Options options;
        options.consumes = options.forwards = !readOnly;
        addJsonTransformer(options.registry);
        addShippedTransformers(options.registry, tools.shipped);
        ScriptFolder scripts;
        scripts.folder = directory() + "/transformers";
        scripts.limits.perEvent = std::chrono::milliseconds(1'500);
        addScriptTransformers(options.registry, std::move(scripts));
        options.registry.add("Failing", [](const TransformerSetup &) -> Result<std::shared_ptr<Transformer>> {
            return std::shared_ptr<Transformer>(std::make_shared<FailingTransformer>());
        });
        tools.desk = std::make_shared<TransformDesk>(Workspace{directory()}, *m_backend, std::move(options));
        return tools;
    }

    static std::vector<api::ApiToken> tokens()
    {
        std::vector<api::ApiToken> out;
        const auto add = [&](const char *name, Role role, std::vector<std::string> tenants) {
            out.push_back({sha256Hex(token(name).toStdString()), {name, role, std::move(tenants)}});
        };
        add("admin", Role::Admin, {});
        add("approver", Role::Approver, {});
        add("operator", Role::Operator, {});
        add("viewer", Role::Viewer, {});
        add("other", Role::Admin, {"nobody"}); // of a tenant that has nothing here
        add("acme", Role::Approver, {"acme"});
        return out;
    }

    LocalWorkspace m_workspace;
    std::unique_ptr<LocalBackend> m_backend;
    std::string m_failure;
    std::unique_ptr<api::ApiServer> m_server;
};

} // namespace eventops::test
