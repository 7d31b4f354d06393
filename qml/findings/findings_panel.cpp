// SPDX-License-Identifier: MIT
#include "qml/findings/findings_panel.h"

#include "core/viewmodel/feedback_controller.h"
#include "qml/theme/quick_panel.h"

namespace eventops {

QWidget *makeFindingsPanel(ViewContext &context, QWidget *parent)
{
    auto *model = new FindingsModel(context);
    auto *feedback = new FeedbackController(context, *model);
    auto *panel = new QuickPanel(QStringLiteral("Findings"), QStringLiteral("FindingsPanel"),
                                 {{QStringLiteral("findings"), QVariant::fromValue(model)},
                                  {QStringLiteral("feedback"), QVariant::fromValue(feedback)}},
                                 parent);
    model->setParent(panel);
    feedback->setParent(panel);
    return panel;
}

} // namespace eventops
