// SPDX-License-Identifier: MIT
import QtQuick
import QtQuick.Layouts
import EventOps.Theme

// Who decided what and why, and what the executor reported.
ColumnLayout {
    id: block
    required property Item card

    spacing: Theme.metric.space1

    SectionTitle { text: qsTr("What came of it") }
    PlainText {
        visible: block.card.approver !== ""
        text: block.card.decisionReason !== ""
            ? qsTr("Decided by %1: %2").arg(block.card.approver).arg(block.card.decisionReason)
            : qsTr("Decided by %1").arg(block.card.approver)
        wrapMode: Text.Wrap
        maximumLineCount: 4
        Layout.fillWidth: true
    }
    PlainText {
        visible: block.card.output === ""
        text: {
            switch (block.card.stateName) {
            case "expired": return qsTr("Nobody decided in time; nothing was sent.")
            case "rejected": return qsTr("Nothing was sent.")
            case "approved": return qsTr("It is about to be published.")
            case "published": return qsTr("Published; it waits for an executor.")
            default: return qsTr("Now %1; there is no report yet.").arg(block.card.stateName)
            }
        }
        color: Theme.color.textMuted
        wrapMode: Text.Wrap
        Layout.fillWidth: true
    }
    MonoText {
        visible: block.card.output !== ""
        text: block.card.output
        maximumLineCount: Theme.metric.space3
        Layout.fillWidth: true
    }
}
