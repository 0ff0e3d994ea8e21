"""The subjects under which mail servers of many languages report what they could not deliver."""

# ruff: noqa: E501

import re

SUBJECT = re.compile(
    r"undeliver|returned mail|delivery (?:status|failure|failed|has failed|report|notification|incomplete)"
    r"|mail(?:er)? delivery|failure notice|mail (?:error|failure)|rejected mail|error sending your mail"
    r"|could(?: not|n't) (?:be delivered|send)|user unknown|not? delivered|message delayed|delayed mail"
    r"|non-?deliver|could(?: not|n't) (?:deliver|be sent)|unable to deliver|message (?:you sent )?blocked|delivery (?:problem|error)"
    r"|unzustellbar|zustell|non remis|échec de la remise|remise impossible|non distribuable|n'a pas pu être (?:remis|délivré)"
    r"|no se (?:pudo|ha podido|puede|pueden) entregar|no entregado|mancata consegna|non recapitabil|impossibile recapitare"
    r"|não (?:pôde ser|foi|é possível) entreg|não entregue|onbestelbaar|niet (?:bezorgd|afgeleverd)|kan niet worden bezorgd"
    r"|kan inte levereras|kunne ikke leveres|kan ikke leveres|uleverbar|ei voi(?:tu|da) toimittaa|perille toimittamat"
    r"|nie (?:została|można) dostarcz|niedostarcz|nedoručiteln|nedoručeno|nedoručiteľn|kézbesíthetetlen|nem kézbesíthető"
    r"|nelivrabil|nu a (?:putut fi|fost) livrat|teslim edilemedi|iletilemedi|не доставлен|недоставлен|не удалось доставить"
    r"|не може бути доставлен|недоставено|неможливо доставити|αδύνατη η παράδοση|δεν (?:παραδόθηκε|είναι δυνατή η παράδοση)"
    r"|配信|投递|退信|未送达|无法送达|無法傳遞|傳送失敗|寄件失敗|배달되지|배달 ?실패|전송 ?실패|تعذر (?:تسليم|التسليم)|غير قابل للتسليم"
    r"|לא ניתן למסור|אי מסירה|ส่งไม่สำเร็จ|không (?:gửi|phân phối) được|tidak terkirim|nedostavljiv|ni bilo mogoče dostaviti",
    re.IGNORECASE,
)
