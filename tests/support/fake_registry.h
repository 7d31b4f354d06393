// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/json.h"
#include "core/codec/avro_plan.h"
#include "core/codec/avro_schema.h"
#include "tests/support/loopback_server.h"

#include <QtCore/QJsonDocument>
#include <QtCore/QJsonObject>

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace eventops::test {

/// A schema registry with the part of Confluent's REST API that we speak: its numbers, its words and its rule of a
/// subject (BACKWARD, as is its default). Compared with Apicurio's by TestRealRegistry.
class FakeRegistry
{
public:
    FakeRegistry() : m_server([this](const std::string &request) { return LoopbackServer::Answer{answer(request)}; }) {}

    std::string url() const
    {
        std::string out = m_server.url();
        out.pop_back();
        return out;
    }
    std::vector<std::string> requests() const { return m_server.requests(); }
    std::size_t count(const std::string &path) const
    {
        std::size_t found = 0;
        for (const std::string &request : requests())
            found += request.find(' ' + path + ' ') != std::string::npos ? 1 : 0;
        return found;
    }

    std::atomic<int> status{0};         ///< Not 0: every answer has it, and no body of a registry.
    std::atomic<bool> allowsAll{false}; ///< The rule NONE.
    std::string authorization;          ///< Not empty: what the header must say. Set it before the first request.

    /// As if somebody else had registered it; the id.
    int add(const std::string &subject, const std::string &schema, const std::string &type = "AVRO")
    {
        const std::lock_guard lock(m_mutex);
        return addVersion(subject, schema, type);
    }
    void setNextId(int id) { m_nextId = id; }

private:
    struct Version {
        int id = 0;
        std::string schema;
    };

    static std::string http(int code, const std::string &body)
    {
        return "HTTP/1.1 " + std::to_string(code) + " x\r\nContent-Type: application/vnd.schemaregistry.v1+json\r\n"
               + "Connection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    }
    static std::string error(int code, int number, const std::string &message)
    {
        std::string body;
        JsonWriter(body).beginObject().key("error_code").integer(number).field("message", message).endObject();
        return http(code, body);
    }
    static std::string canonical(const std::string &schema)
    {
        const auto parsed = AvroSchema::parse(schema);
        return parsed ? parsed.value()->canonical() : schema;
    }

    int addVersion(const std::string &subject, const std::string &schema, const std::string &type)
    {
        int id = 0;
        for (const auto &[known, of] : m_byId) {
            if (canonical(of.first) == canonical(schema))
                id = known;
        }
        if (id == 0) {
            id = m_nextId++;
            m_byId.emplace(id, std::pair(schema, type));
        }
        m_subjects[subject].push_back({id, schema});
        return id;
    }

    std::string answer(const std::string &request)
    {
        const std::lock_guard lock(m_mutex);
        if (status != 0)
            return http(status, "<html>nobody here</html>");
        if (!authorization.empty() && request.find("Authorization: " + authorization + "\r\n") == std::string::npos)
            return error(401, 401, "Unauthorized");
        const std::size_t space = request.find(' ');
        std::string path = request.substr(space + 1, request.find(' ', space + 1) - space - 1);
        const bool isPost = request.starts_with("POST ");
        const std::string body = request.substr(request.find("\r\n\r\n") + 4);
        const std::string schema = QJsonDocument::fromJson(QByteArray::fromStdString(body))
                                       .object()
                                       .value(QLatin1String("schema"))
                                       .toString()
                                       .toStdString();
        if (path.starts_with("/schemas/ids/") && !isPost)
            return byId(std::stoi(path.substr(13)));
        const bool isCheck = path.starts_with("/compatibility");
        if (isCheck)
            path.erase(0, 14);
        if (!path.starts_with("/subjects/"))
            return http(404, "404 page not found");
        const std::string subject = path.substr(10, path.find('/', 10) - 10);
        const std::string rest = path.substr(10 + subject.size());
        if (isPost && !AvroSchema::parse(schema))
            return error(422, 42201, "Invalid AVRO schema");
        if (isPost && !isCheck && rest == "/versions")
            return append(subject, schema);
        const auto known = m_subjects.find(subject);
        if (known == m_subjects.end())
            return error(404, 40401, "Subject '" + subject + "' not found.");
        if (isCheck) {
            std::string out;
            JsonWriter(out).beginObject().key("is_compatible").boolean(fits(known->second, schema)).endObject();
            return http(200, out);
        }
        if (isPost && rest.empty())
            return lookUp(subject, known->second, schema);
        if (!isPost && rest == "/versions/latest")
            return version(subject, known->second, known->second.size() - 1);
        return http(404, "404 page not found");
    }

    std::string byId(int id) const
    {
        const auto known = m_byId.find(id);
        if (known == m_byId.end())
            return error(404, 40403, "Schema " + std::to_string(id) + " not found");
        std::string out;
        JsonWriter json(out);
        json.beginObject().field("schema", known->second.first);
        if (known->second.second != "AVRO") // as Confluent's does
            json.field("schemaType", known->second.second);
        json.endObject();
        return http(200, out);
    }

    bool fits(const std::vector<Version> &versions, const std::string &schema) const
    {
        return allowsAll
               || avroProblems(AvroSchema::parse(versions.back().schema).value(), AvroSchema::parse(schema).value())
                      .empty();
    }

    std::string append(const std::string &subject, const std::string &schema)
    {
        auto &versions = m_subjects[subject];
        for (const Version &one : versions) {
            if (canonical(one.schema) == canonical(schema))
                return http(200, "{\"id\":" + std::to_string(one.id) + "}");
        }
        if (!versions.empty() && !fits(versions, schema))
            return error(409, 409, "Schema being registered is incompatible with an earlier schema");
        return http(200, "{\"id\":" + std::to_string(addVersion(subject, schema, "AVRO")) + "}");
    }

    static std::string version(const std::string &subject, const std::vector<Version> &versions, std::size_t index)
    {
        std::string out;
        JsonWriter json(out);
        json.beginObject().field("subject", subject).key("version").unsignedInteger(index + 1);
        json.key("id").integer(versions[index].id).field("schema", versions[index].schema).endObject();
        return http(200, out);
    }

    static std::string lookUp(const std::string &subject, const std::vector<Version> &versions,
                              const std::string &schema)
    {
        for (std::size_t i = 0; i < versions.size(); ++i) {
            if (canonical(versions[i].schema) == canonical(schema))
                return version(subject, versions, i);
        }
        return error(404, 40403, "Schema not found");
    }

    std::mutex m_mutex;
    int m_nextId = 1;
    std::map<int, std::pair<std::string, std::string>> m_byId; ///< Schema and type.
    std::map<std::string, std::vector<Version>> m_subjects;
    LoopbackServer m_server; ///< Last: its thread uses the others.
};

} // namespace eventops::test
