// SPDX-License-Identifier: MIT
#include "qml/findings/findings_panel.h"

#include "core/viewmodel/findings_model.h"
#include "qml/theme/quick_panel.h"

namespace eventops {

QWidget *makeFindingsPanel(ViewContext &context, QWidget *parent)
{
    auto *model = new FindingsModel(context);
    auto *panel = new QuickPanel(QStringLiteral("Findings"), QStringLiteral("FindingsPanel"),
                                 {{QStringLiteral("findings"), QVariant::fromValue(model)}}, parent);
    model->setParent(panel);
    return panel;
}

} // namespace eventops
