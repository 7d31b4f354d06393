// SPDX-License-Identifier: MIT
#include "core/codec/transformer.h"

#include <algorithm>

namespace eventops {

Transformer::~Transformer() = default;

void TransformerRegistry::add(std::string type, Factory factory)
{
    std::erase_if(m_factories, [&](const auto &one) { return one.first == type; });
    m_factories.emplace_back(std::move(type), std::move(factory));
}

const TransformerRegistry::Factory *TransformerRegistry::find(std::string_view type) const
{
    const auto found =
        std::find_if(m_factories.begin(), m_factories.end(), [&](const auto &one) { return one.first == type; });
    return found == m_factories.end() ? nullptr : &found->second;
}

Result<std::shared_ptr<Transformer>> TransformerRegistry::make(const TransformerSetup &setup) const
{
    if (const Factory *factory = find(setup.type))
        return (*factory)(setup);
    std::string known;
    for (const auto &[type, factory] : m_factories)
        known += (known.empty() ? "use " : " or ") + type;
    return Error{Error::Code::NotFound, "there is no transformer type \"" + setup.type.substr(0, 100) + '"', {}, known};
}

} // namespace eventops
