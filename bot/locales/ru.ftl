# Everything that the bot itself says in Russian. Telegram's HTML is allowed; what is filled in is escaped by the code.
# The bot says «вы», warmly and without officialese, and avoids forms that give it or the person a gender.

# The first conversation
welcome =
    Привет! 👋 Давайте познакомимся.

    На каком языке вам удобнее общаться?
language-russian = Русский
language-english = English
language-chosen = Говорим по-русски 🙂
ask-name = Как мне к вам обращаться?
ask-name-again = Так как же мне к вам обращаться?
name-other = Другое имя
type-name = Напишите, пожалуйста, имя — следующее сообщение я запомню как ваше имя.
name-chosen = Буду обращаться к вам так: <b>{ $name }</b> 🙂
name-invalid = Кажется, это не похоже на имя. Напишите, пожалуйста, покороче — до 64 знаков, одной строкой.
nice-to-meet =
    Приятно познакомиться, <b>{ $name }</b>! 💛

    Пишите о чём угодно: я слушаю и запоминаю то, что для вас важно. Если что-то понадобится — есть /help.
greeting = С возвращением, <b>{ $name }</b>! 💛 О чём поговорим?
greeting-unnamed = С возвращением! 💛 О чём поговорим?

# Commands
help =
    Со мной можно просто разговаривать: пишите как другу.

    /profile — что я о вас знаю
    /memory — что я помню: посмотреть, исправить, забыть
    /relationship — насколько мы близки
    /settings — как мне с вами разговаривать
    /status — тариф и сколько сообщений осталось на сегодня
    /reset — начать разговор заново (память останется)
    /history — что мы говорили; /history слова — найти
    /privacy — что о вас хранится
    /delete — удалить всё о вас
    /start — познакомиться
    /premium — всего побольше
    /paysupport — если что-то не так с оплатой
    /help — эта подсказка
unknown-command = Такой команды я не знаю 🙈 Все команды есть в /help, а лучше просто напишите словами.
command-start = Познакомиться
command-help = Что я умею
command-profile = Что я о вас знаю
command-memory = Что я помню
command-relationship = Насколько мы близки
command-history = Что мы говорили
command-privacy = Что о вас хранится
command-delete = Удалить всё о вас
command-settings = Как мне с вами разговаривать
command-status = Тариф и остаток сообщений
command-reset = Начать разговор заново

profile-title = <b>Вот что я о вас знаю</b>
profile-empty = Пока я почти ничего о вас не знаю. Расскажите немного о себе — мне интересно 🙂
profile-name = Имя: { $value }
profile-gender = Пол: { $value }
profile-birthday = День рождения: { $value }
profile-occupation = Занятие: { $value }
profile-city = Город: { $value }
profile-language = Язык: { $value }
profile-time-zone = Часовой пояс: { $value }
gender-male = мужской
gender-female = женский
# $day is a number, $month is 1 to 12, $year is text.
date = { $day } { $month ->
        [1] января
        [2] февраля
        [3] марта
        [4] апреля
        [5] мая
        [6] июня
        [7] июля
        [8] августа
        [9] сентября
        [10] октября
        [11] ноября
       *[12] декабря
    } { $year } г.

status-plan-free = Тариф: <b>бесплатный</b>
status-plan-premium = Тариф: <b>премиум</b> ⭐
status-plan-premium-until = Тариф: <b>премиум</b> ⭐ до { $date }
status-left = { $left ->
        [0] На сегодня сообщения закончились.
        [one] На сегодня осталось <b>{ $left }</b> сообщение из { $limit }.
        [few] На сегодня осталось <b>{ $left }</b> сообщения из { $limit }.
       *[many] На сегодня осталось <b>{ $left }</b> сообщений из { $limit }.
    }
status-resets = Счёт начнётся заново в { $time } ({ $zone }).
status-unlimited = Сообщений — сколько угодно.
status-level = Наши отношения: <b>{ $name }</b>, подробнее — /relationship

relationship-level = <b>{ $name }</b> — уровень { $level } из { $levels }
relationship-next = До уровня «{ $name }» { $points ->
        [one] осталось <b>{ $points }</b> очко.
        [few] осталось <b>{ $points }</b> очка.
       *[many] осталось <b>{ $points }</b> очков.
    }
relationship-top = Ближе уже некуда 💛
relationship-today = Сегодня: { $points ->
        [one] { $points } очко
        [few] { $points } очка
       *[many] { $points } очков
    } из { $limit } возможных за день.
relationship-streak = Мы общаемся { $days ->
        [one] { $days } день подряд
        [few] { $days } дня подряд
       *[many] { $days } дней подряд
    } 🔥
relationship-lately = <b>Что было недавно</b>
happened-messages = { $times ->
        [one] { $times } сообщение
        [few] { $times } сообщения
       *[many] { $times } сообщений
    }
happened-fact = вы рассказали о себе новое
happened-streak = ещё один день подряд
happened-return = вы вернулись
happened-decay = мы давно не общались
happened-level = новый уровень: <b>{ $name }</b> 🎉
points-came = { $points ->
        [one] +{ $points } очко
        [few] +{ $points } очка
       *[many] +{ $points } очков
    }
points-went = { $points ->
        [one] −{ $points } очко
        [few] −{ $points } очка
       *[many] −{ $points } очков
    }
day-today = Сегодня
day-yesterday = Вчера
level-up =
    🎉 Мы стали ближе! Теперь у нас новый уровень — <b>{ $name }</b>.

    Как мы к этому пришли: /relationship

# Настройки
settings-title = ⚙️ <b>Настройки</b>
settings-now-zone = Часовой пояс: { $zone }, там сейчас { $time }
settings-now-detail = Ответы: { $value }
settings-now-wishes = Пожелания: { $count ->
        [0] нет
       *[other] { $count }
    }
settings-now-topics = Темы: приятных — { $liked }, нежелательных — { $avoided }
settings-now-quiet = Тихие часы: { $value }
settings-now-morning = Доброе утро от меня: { $value }
settings-now-follow = Спрашиваю, как прошли ваши планы: { $value }
settings-on = да
settings-off = нет
settings-none = нет
settings-language = 🌐 Язык
settings-zone = 🕰 Часовой пояс
settings-detail = 📏 Ответы
settings-wishes = ✍️ Пожелания
settings-topics = 💬 Темы
settings-quiet = 🌙 Тихие часы
settings-first = ☀️ Писать первой
settings-close = Готово
settings-back = ← Назад
settings-type = ✏️ Написать
settings-clear = 🗑 Очистить
settings-saved = Хорошо, записано 🙂
settings-language-title = 🌐 На каком языке нам говорить?
settings-zone-title = 🕰 Где вы живёте? Выберите место с тем же временем или напишите свой город.
settings-detail-title = 📏 Насколько подробно мне отвечать?
settings-wishes-title = ✍️ <b>Пожелания</b>: что мне учитывать в разговоре? Например: «говори просто», «без смайликов».
settings-topics-title = 💬 <b>Темы</b>: о чём вам приятно говорить, а чего лучше не касаться?
settings-talk-of = 👍 Приятные
settings-avoid = 🚫 Не касаться
settings-quiet-title = 🌙 Когда мне нельзя писать первой?
settings-first-title = ☀️ Иногда я могу писать первой: не чаще раза в день и никогда — в тихие часы. Галочка значит, что включено.
settings-morning = Желать доброго утра
settings-follow = Спрашивать, как прошли планы
settings-ask-zone = Ответьте на это сообщение: напишите город или разницу с UTC. Например: Казань или UTC+3.
settings-ask-wishes = Ответьте на это сообщение: напишите пожелания, каждое с новой строки, не больше 10. Они заменят прежние.
settings-ask-talk-of = Ответьте на это сообщение: напишите приятные темы через запятую, не больше 10. Они заменят прежние.
settings-ask-avoid = Ответьте на это сообщение: напишите через запятую темы, которых не касаться, не больше 10. Они заменят прежние.
settings-ask-quiet = Ответьте на это сообщение: напишите часы. Например: 22-8.
settings-zone-unknown = Такого места я не знаю 🙈 Попробуйте ближайший большой город или разницу с UTC, например UTC+3.
settings-wishes-too-long = Столько мне не удержать 🙈 Не больше 10 пожеланий, пожалуйста, и до 200 знаков каждое.
settings-topics-too-long = Столько мне не удержать 🙈 Не больше 10 тем, пожалуйста, и до 60 знаков каждая.
settings-quiet-unknown = Не получилось разобрать часы 🙈 Нужны два разных целых часа: 22-8.
detail-short = коротко
detail-normal = как получится
detail-long = подробно
region-name = { $region ->
        [russia] Россия
        [europe] Европа
        [asia] Азия
       *[america] Америка
    }
place-name = { $place ->
        [kaliningrad] Калининград
        [moscow] Москва
        [samara] Самара
        [yekaterinburg] Екатеринбург
        [omsk] Омск
        [novosibirsk] Новосибирск
        [irkutsk] Иркутск
        [yakutsk] Якутск
        [vladivostok] Владивосток
        [kamchatka] Камчатка
        [london] Лондон
        [berlin] Берлин, Париж
        [kyiv] Киев, Рига
        [minsk] Минск
        [istanbul] Стамбул
        [jerusalem] Иерусалим
        [tbilisi] Тбилиси, Ереван
        [dubai] Дубай
        [almaty] Алматы
        [tashkent] Ташкент
        [delhi] Дели
        [bangkok] Бангкок
        [shanghai] Шанхай
        [tokyo] Токио
        [newyork] Нью-Йорк
        [chicago] Чикаго
        [denver] Денвер
        [losangeles] Лос-Анджелес
        [saopaulo] Сан-Паулу
       *[utc] UTC
    }

# Их данные
delete-ask =
    Хотите, чтобы всё о вас было забыто? Исчезнут наши разговоры, всё, что я о вас помню, профиль, настройки и очки, и вернуть их не сможет никто.

    Можно взять время подумать: до тех пор всё идёт как прежде, а ещё одно /delete это отменит.
delete-in = { $days ->
        [one] Через { $days } день
        [few] Через { $days } дня
       *[many] Через { $days } дней
    }
delete-now = Сразу
delete-keep = Ничего не удалять
delete-sure = Удалить всё сразу и навсегда — точно?
delete-yes = Да, удалить всё
delete-scheduled = Дата: { $date }. В этот день всё о вас будет забыто. Если передумаете раньше — /delete или эта кнопка.
delete-cancel = Я передумываю
delete-cancelled = Ничего не будет удалено, хорошо, что вы остаётесь 💛 Если всё же понадобится — /delete.
delete-kept = Всё остаётся как есть 🙂
delete-done = Всё удалено. Берегите себя 💛
privacy =
    <b>Что о вас хранится</b>

    • наши сообщения и указатель их слов, чтобы их можно было найти
    • что вы рассказали о себе, факты, которые я помню, краткие пересказы и настройки; всё, что в них словами, зашифровано
    • сколько сообщений в какой день вы написали, и наши очки

    <b>Как долго</b>: пока вы это не удалите. /reset начинает новый разговор, /delete удаляет всё — сразу или дав время подумать.

    <b>Кто это видит</b>: ваши сообщения уходят языковым моделям, которые отвечают ({ $models }), и доступны тем, кто держит этого бота. Больше никому, и никому из тех, кто тоже мне пишет.
history-title = <b>Что мы говорили</b>
history-empty = Мы пока ничего не говорили 🙂
history-found = <b>Что нашлось по словам «{ $words }»</b>
history-not-found = Ничего такого не нашлось. Попробуете другие слова?
history-too-long = Это слишком длинно для поиска: хватит нескольких слов.
history-you = Вы
history-i = Я
history-older = ← Раньше
history-newer = Позже →

memory-title = <b>Вот что я о вас помню</b>: { $total ->
        [one] { $total } факт
        [few] { $total } факта
       *[other] { $total } фактов
    }
memory-limit = На вашем тарифе я могу помнить { $limit ->
        [one] { $limit } факт
        [few] { $limit } факта
       *[other] { $limit } фактов
    }.
memory-full = Память заполнена: на вашем тарифе помещается { $limit ->
        [one] { $limit } факт
        [few] { $limit } факта
       *[other] { $limit } фактов
    }. Забудем что-нибудь — и место появится.
memory-empty = Пока я ничего о вас не помню. Расскажите что-нибудь важное для вас 🙂
memory-search = 🔎 Найти
memory-back = ‹ Назад
memory-page = Страница { $page } из { $pages }
memory-found = По словам «{ $words }» нашлось: { $found ->
        [one] { $found } факт
        [few] { $found } факта
       *[other] { $found } фактов
    }
memory-found-nothing = Про «{ $words }» я ничего не помню.
memory-ask-words = Что найти? Ответьте на это сообщение одним-двумя словами.
memory-told = Рассказано: { $date }
memory-times = Об этом вы говорили { $times ->
        [one] { $times } раз
        [few] { $times } раза
       *[other] { $times } раз
    }
memory-day = Когда: { $date }
memory-before = <b>До этого</b>
memory-past = • { $fact } (с { $from } по { $until })
memory-correct = ✏️ Исправить
memory-forget = 🗑 Забыть
memory-ask-correction = Как правильно? Сейчас у меня так: «{ $fact }». Ответьте на это сообщение одной фразой.
memory-correction-refused = Так запомнить не получится. Напишите, пожалуйста, одной фразой до 300 знаков, ответом на это сообщение.
memory-ask-forget = Забыть «{ $fact }» насовсем? Это исчезнет из памяти, а сообщения, где об этом сказано, у меня опустеют. Здесь, в чате, они останутся, пока вы их не удалите.
memory-forget-yes = 🗑 Забыть
memory-forget-no = Оставить
memory-forgotten = Забыто 🌱 { $messages ->
        [0] {""}
        [one] Стёрто { $messages } сообщение, где об этом говорилось.
        [few] Стёрто { $messages } сообщения, где об этом говорилось.
       *[other] Стёрто { $messages } сообщений, где об этом говорилось.
    }
memory-forget-all = 🗑 Забыть всё
memory-ask-forget-all = Забыть <b>всё</b>, что вы мне рассказывали: факты, весь наш разговор и его краткое содержание? Вернуть это будет нельзя. Профиль, тариф и наша близость останутся.
memory-forget-all-yes = 🗑 Да, забыть всё
memory-forgot-all = Всё забыто 🌱 Можем начать сначала.
memory-gone = Этого я уже не помню.
category-identity = 🪪 О вас
category-family = 👪 Близкие и питомцы
category-work = 💼 Работа и учёба
category-preferences = 💛 Вкусы
category-health = 🩺 Здоровье
category-plans = 🗓 Планы
category-events = ✨ События
category-other = 📎 Прочее

reset-done = Хорошо, начнём разговор с чистого листа 🌱 Всё, что я о вас помню, остаётся со мной.
reset-nothing = Мы как раз ни о чём не говорили, так что можно просто начать 🙂 Всё, что я о вас помню, остаётся со мной.

# What cannot be done
unsupported-voice = Голосовые я пока не понимаю 🙈 Напишите, пожалуйста, словами.
unsupported-sticker = Милый стикер! Но по-настоящему я понимаю пока только слова и фотографии 🙂
unsupported-video = Видео я пока не умею смотреть. Расскажете словами, что там?
unsupported-file = Файлы я пока не умею открывать. Если там фото — пришлите его как фотографию, пожалуйста.
unsupported-other = С таким я пока не умею обращаться 🙈 Напишите, пожалуйста, словами или пришлите фотографию.
photo-too-large = Эта фотография слишком большая, мне её не открыть. Пришлите, пожалуйста, поменьше.
photo-unreadable = Не получается рассмотреть эту фотографию. Попробуйте прислать её ещё раз или другую.

quota-exhausted =
    На сегодня сообщения закончились 🌙 Продолжим { $hours ->
        [0] { $minutes ->
            [one] через { $minutes } минуту
            [few] через { $minutes } минуты
           *[many] через { $minutes } минут
        }
        [one] через { $hours } час
        [few] через { $hours } часа
       *[many] через { $hours } часов
    } — буду ждать!
premium-required = Фотографии я смотрю на тарифе премиум. А пока расскажите словами, что на ней? 🙂
model-unavailable = Что-то мысли разбегаются… 🙈 Напишите мне ещё раз через пару минут, пожалуйста. Это сообщение в счёт не пошло.
model-blocked = На это я, пожалуй, отвечать не буду. Давайте о чём-нибудь другом? Это сообщение в счёт не пошло.
model-failed = Не получилось подобрать слова 🙈 Попробуйте сказать иначе, пожалуйста. Это сообщение в счёт не пошло.
message-refused = Это сообщение мне не разобрать 🙈 Попробуйте написать иначе, пожалуйста.
trouble = Простите, с этим сообщением что-то пошло не так, и ответить на него не получилось. Напишите, пожалуйста, ещё раз.

# Премиум и оплата
command-premium = Что даёт премиум и сколько он стоит
command-paysupport = Если что-то не так с оплатой
premium-offer =
    ⭐ <b>Премиум</b>

    { $messages ->
        [0] • Пишите мне сколько угодно
        [one] • До { $messages } сообщения в день
       *[many] • До { $messages } сообщений в день
    }
    • Я вижу больше нашего разговора и больше о вас помню
    • Вам отвечаю в первую очередь
premium-photos = • Можно присылать мне фотографии
premium-terms =
    Оплата — за 30 дней. Они начинаются с момента оплаты или с конца уже оплаченного срока, так что ничего не пропадёт. Подписка списывает столько же каждые 30 дней, пока вы её не отмените — здесь или в настройках Telegram; оплаченное остаётся за вами. Перед окончанием я напомню. Если что-то не так с оплатой — /paysupport.
premium-not-for-sale = Премиум здесь сейчас не продаётся.
premium-until = У вас премиум до <b>{ $date }</b> ⭐
premium-endless = У вас премиум ⭐, и он бессрочный.
premium-renews = Он продлится сам <b>{ $date }</b>.
premium-renewal-off = Подписка отменена: больше ничего не спишется.
pay-once-button = { $price } за 30 дней
pay-monthly-button = { $price } каждые 30 дней
pay-link = Подписка: <b>{ $price }</b> сейчас и столько же каждые 30 дней, пока вы её не отмените. Кнопка откроет счёт.
pay-link-button = Подписаться за { $price }
invoice-title = Премиум на 30 дней
invoice-title-monthly = Премиум каждые 30 дней
invoice-description = Больше сообщений, больше нашего разговора перед глазами, долгая память и ответы в первую очередь.
invoice-label = Премиум, 30 дней
already-subscribed = Подписка у вас уже есть, и она продлевается сама. Вторая только стоила бы вдвое.
no-subscription = Подписки у вас нет, так что менять нечего.
subscription-off-button = Отменить подписку
subscription-on-button = Возобновить подписку
subscription-off = Подписка отменена: больше ничего не спишется. Премиум остаётся с вами до <b>{ $date }</b>.
subscription-on = Подписка продолжается. Она оплачена до <b>{ $date }</b>.
subscription-allowed = Последний шаг за вами: откройте «Настройки» Telegram → «Мои звёзды», выберите эту подписку и возобновите её там. Пока вы этого не сделали, ничего не спишется, а премиум с вами до <b>{ $date }</b>.
subscription-off-failed = Telegram не дал мне отменить подписку 😔 Отмените её, пожалуйста, сами, чтобы больше ничего не списалось: «Настройки» Telegram → «Мои звёзды», эта подписка, «Отменить».
invoice-failed = Telegram не дал мне выставить этот счёт, ничего не списано 😔 Попробуйте другой способ оплаты в /premium или загляните чуть позже.
checkout-too-old = Этот счёт устарел, ничего не списано. Новый — по команде /premium.
checkout-other-person = Этот счёт выставлен другому человеку, ничего не списано. Ваш — по команде /premium.
premium-thanks = Спасибо! 💛 Премиум с вами до <b>{ $date }</b>.
premium-thanks-renews = Спасибо! 💛 Премиум с вами до <b>{ $date }</b>, а потом продлится сам. Отменить можно в любой момент: /premium.
premium-renewed = Подписка продлена: премиум с вами до <b>{ $date }</b> 💛
payment-unmatched = От вас пришла оплата, но я не понимаю, за что она, поэтому пока ничего не изменилось. Она не потерялась: отправьте /paysupport, и с ней разберутся.
payment-trouble = Ваша оплата пришла, но записать её пока не получилось. Она не потерялась, платить ещё раз не нужно: с ней разберутся. Если это затянется — /paysupport.
payment-refunded = Оплата вам возвращена, и то, что она давала, закончилось. Я по-прежнему здесь 🙂
paysupport =
    <b>Ваши платежи</b>

    Если с каким-то из них что-то не так, нажмите его кнопку: с ним разберутся и ответят здесь.
paysupport-nothing = Платежей, которые можно было бы вернуть, у вас нет. Сколько стоит премиум — в /premium.
payment-line = • { $date }: { $price }
payment-line-asked = • { $date }: { $price }, разбираемся
payment-line-refunded = • { $date }: { $price }, возвращено
refund-button = Вернуть { $price } ({ $date })
refund-asked = Просьба передана: с ней разберутся. Если оплату вернут, я скажу об этом здесь.
notice-premium-ending = Ваш премиум заканчивается <b>{ $date }</b>. Если хочется продолжить — /premium 💛
notice-premium-late = Telegram не смог продлить вашу подписку — возможно, не хватило звёзд. Премиум пока с вами до <b>{ $date }</b>; пополните звёзды или загляните в /premium.
notice-premium-ended = Ваш премиум закончился. Я по-прежнему здесь и помню всё, что вы рассказали 💛 Если будет его не хватать — /premium.

# Somebody may be in danger
helplines =
    Спасибо, что сказали об этом. Вам сейчас может быть очень тяжело, и справляться с этим в одиночку не нужно. Есть люди, которые выслушают прямо сейчас:

    { $lines }

    Если опасность прямо сейчас — звоните { $emergency }. А я рядом, пишите мне.
