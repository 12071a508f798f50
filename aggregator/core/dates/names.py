"""Names of months, casefolded: data, one line a language; weekdays are not read, since the date says them.

A new language is a line in MONTHS. Forms of one month are separated by "/", the months by blanks; "_" stands for a
blank inside a name. No form may mean different months in two languages (a test says so).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_MONTHS: Final[Mapping[str, str]] = {
    "id": "januari/jan february/februari/pebruari/feb/peb maret/mar/mrt april/apr mei juni/jun juli/jul"
    " agustus/agu/agt/ags/aug september/sep/sept oktober/okt november/nopember/nov/nop desember/des",
    "ms": "januari/jan februari/feb mac april/apr mei jun julai/jul ogos/ogo september/sep/sept oktober/okt"
    " november/nov disember/dis",
    "en": "january/jan february/feb march/mar april/apr may june/jun july/jul august/aug september/sept/sep"
    " october/oct november/nov december/dec",
    "ru": "января/январь/янв февраля/февраль/фев/февр марта/март/мар апреля/апрель/апр мая/май июня/июнь/июн"
    " июля/июль/июл августа/август/авг сентября/сентябрь/сен/сент октября/октябрь/окт ноября/ноябрь/ноя/нояб"
    " декабря/декабрь/дек",
    "uk": "січня/січень/січ лютого/лютий/лют березня/березень/бер квітня/квітень/квіт/кві травня/травень/трав/тра"
    " червня/червень/черв/чер липня/липень/лип серпня/серпень/серп/сер вересня/вересень/вер"
    " жовтня/жовтень/жовт/жов листопада/листопад/лист/лис грудня/грудень/груд/гру",
    "be": "студзеня/студзень лютага/люты сакавіка/сакавік красавіка/красавік мая/май чэрвеня/чэрвень ліпеня/ліпень"
    " жніўня/жнівень верасня/верасень кастрычніка/кастрычнік лістапада/лістапад снежня/снежань",
    "kk": "қаңтар/қаңтардың/қаң/қаңт ақпан/ақпанның/ақп наурыз/наурыздың/нау сәуір/сәуірдің/сәу мамыр/мамырдың/мам"
    " маусым/маусымның/мау шілде/шілденің/шіл тамыз/тамыздың/там қыркүйек/қыркүйектің/қыр қазан/қазанның/қаз"
    " қараша/қарашаның/қар желтоқсан/желтоқсанның/жел",
    "ar": "يناير/كانون_الثاني/جانفي فبراير/شباط/فيفري مارس/آذار/اذار أبريل/ابريل/إبريل/نيسان/أفريل مايو/أيار/ايار/ماي"
    " يونيو/يونيه/حزيران/جوان يوليو/يوليه/تموز/جويلية أغسطس/اغسطس/آب/أوت سبتمبر/أيلول/ايلول"
    " أكتوبر/اكتوبر/تشرين_الأول/تشرين_الاول نوفمبر/تشرين_الثاني ديسمبر/كانون_الأول/كانون_الاول",
    "de": "januar/jän/jänner/jan februar/feber/feb märz/mrz/maerz/mär april/apr mai juni/jun juli/jul august/aug"
    " september/sep/sept oktober/okt november/nov dezember/dez",
    "fr": "janvier/janv/jan février/fevrier/févr/fév/fevr mars avril/avr mai juin juillet/juil août/aout/aoû"
    " septembre/sept/sep octobre/oct novembre/nov décembre/decembre/déc",
    "es": "enero/ene febrero/feb marzo/mar abril/abr mayo/may junio/jun julio/jul agosto/ago"
    " septiembre/setiembre/sep/sept octubre/oct noviembre/nov diciembre/dic",
    "pt": "janeiro/jan fevereiro/fev março/marco/mar abril/abr maio/mai junho/jun julho/jul agosto/ago"
    " setembro/set outubro/out novembro/nov dezembro/dez",
    "it": "gennaio/gen febbraio/feb marzo/mar aprile/apr maggio/mag giugno/giu luglio/lug agosto/ago"
    " settembre/set/sett ottobre/ott novembre/nov dicembre/dic",
    "nl": "januari/jan februari/feb maart/mrt april/apr mei juni/jun juli/jul augustus/aug september/sep/sept"
    " oktober/okt november/nov december/dec",
    "tr": "ocak/oca şubat/subat/şub mart/mar nisan/nis mayıs/mayis/may haziran/haz temmuz/tem ağustos/agustos/ağu"
    " eylül/eylul/eyl ekim/eki kasım/kasim/kas aralık/aralik/ara",
    "pl": "stycznia/styczeń/sty lutego/luty/lut marca/marzec/mar kwietnia/kwiecień/kwi maja/maj czerwca/czerwiec/cze"
    " lipca/lipiec/lip sierpnia/sierpień/sie września/wrzesień/wrz października/październik/paź"
    " listopada/listopad/lis grudnia/grudzień/gru",
}
MONTHS: Final[Mapping[str, int]] = {
    name.replace("_", " "): number
    for listed in _MONTHS.values()
    for number, forms in enumerate(listed.split(), start=1)
    for name in forms.split("/")
}
LANGUAGES: Final = tuple(_MONTHS)

# Halves of the day, where a text counts to twelve.
BEFORE_NOON: Final = frozenset({"am", "a.m", "a.m.", "ص", "pagi", "öö", "дп"})
AFTER_NOON: Final = frozenset({"pm", "p.m", "p.m.", "م", "sore", "malam", "ös", "пп"})
