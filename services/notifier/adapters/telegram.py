"""Telegram's bot API; the only module that knows aiogram."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramAPIError, TelegramRetryAfter

from services.notifier.ports import SendFailedError

REQUEST_TIMEOUT_SECONDS = 10


class TelegramSender:
    """Sends plain text to one chat."""

    def __init__(self, token: str, chat_id: int, api_url: str) -> None:
        session = AiohttpSession(api=TelegramAPIServer.from_base(api_url), timeout=REQUEST_TIMEOUT_SECONDS)
        self._bot = Bot(token, session=session)
        self._chat_id = chat_id

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._bot.session.close()

    async def send(self, text: str) -> None:
        try:
            await self._bot.send_message(self._chat_id, text)
        except TelegramRetryAfter as error:
            raise SendFailedError("Telegram asks to slow down", float(error.retry_after)) from error
        except (TelegramAPIError, OSError) as error:
            raise SendFailedError(f"{type(error).__name__}: {error}") from error
