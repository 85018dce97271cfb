select request_redemption(%s, %s, %s::redemption_action, %s, %s, 'settlement')
