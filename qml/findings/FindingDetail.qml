// SPDX-License-Identifier: MIT
import QtQuick
import QtQuick.Layouts
import EventOps.Theme

// Why it is a finding, what shows it, and what may be done about it.
ColumnLayout {
    id: detail
    required property Item card

    spacing: Theme.metric.space3

    BitsTerms {
        visible: detail.card.terms.length > 0
        terms: detail.card.terms
        sumText: detail.card.bitsText
        Layout.fillWidth: true
        Layout.topMargin: Theme.metric.space1
    }
    MutedText {
        text: qsTr("%1 · %n event(s) as evidence", "", detail.card.evidenceCount).arg(detail.card.name)
              + (detail.card.age !== "" ? " · " + qsTr("%1 ago by the workspace clock").arg(detail.card.age) : "")
              + (detail.card.resolvedAt !== "" ? " · " + qsTr("resolved %1").arg(detail.card.resolvedAt) : "")
        wrapMode: Text.Wrap
        maximumLineCount: 3
        Layout.fillWidth: true
    }
    ActionButton {
        objectName: "suggestionButton"
        visible: detail.card.suggestedCommand !== ""
        text: detail.card.suggestionWaits ? qsTr("Decide on %1").arg(detail.card.suggestedCommand)
                                          : qsTr("%1: %2").arg(detail.card.suggestedCommand)
                                                          .arg(detail.card.suggestionState)
        keyName: "A"
        iconName: "arrow-right"
        isPrimary: detail.card.suggestionWaits
        onClicked: detail.card.suggestionWanted()
    }
}
