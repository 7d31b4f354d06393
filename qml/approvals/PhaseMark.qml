// SPDX-License-Identifier: MIT
import QtQuick
import EventOps.Models
import EventOps.Theme

// What became of an action, as a shape, a colour and a word.
Chip {
    property int phase: ApprovalsModel.UnderWay
    property string stateName

    text: stateName
    icon: {
        switch (phase) {
        case ApprovalsModel.Succeeded: return "check"
        case ApprovalsModel.Unsuccessful: return "circle-alert"
        case ApprovalsModel.Refused: return "x"
        case ApprovalsModel.Expired: return "hourglass"
        default: return "play"
        }
    }
    tint: {
        switch (phase) {
        case ApprovalsModel.Succeeded: return Theme.color.positive
        case ApprovalsModel.Unsuccessful: return Theme.color.severityError
        case ApprovalsModel.UnderWay: return Theme.color.accent
        default: return Theme.color.textMuted
        }
    }
}
