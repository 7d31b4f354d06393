// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace eventops {

/// Writes Prometheus' text format, version 0.0.4.
class MetricsText
{
public:
    /// Begins a metric; its samples follow.
    MetricsText &family(std::string_view name, std::string_view type, std::string_view help)
    {
        m_name = name;
        m_text.append("# HELP ").append(name).append(" ").append(help).append("\n# TYPE ").append(name);
        m_text.append(" ").append(type).append("\n");
        return *this;
    }
    MetricsText &sample(std::uint64_t value, std::string_view label = {}, std::string_view labelValue = {})
    {
        m_text.append(m_name);
        if (!label.empty()) {
            m_text.append("{").append(label).append("=\"");
            for (const char c : labelValue)
                m_text += c == '"' || c == '\\' || c == '\n' ? '_' : c;
            m_text.append("\"}");
        }
        m_text.append(" ").append(std::to_string(value)).append("\n");
        return *this;
    }
    std::string take() { return std::move(m_text); }

private:
    std::string m_text;
    std::string m_name;
};

} // namespace eventops
